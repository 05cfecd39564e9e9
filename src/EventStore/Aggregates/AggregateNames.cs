using System.Reflection;
using System.Text.RegularExpressions;

namespace EventStore.Aggregates;

/// <summary>The stable names of aggregates.</summary>
public static partial class AggregateNames
{
    /// <summary>
    /// The name of a grain class: that of its <see cref="AggregateNameAttribute"/>, else the class name less "Grain" in kebab-case
    /// (<c>UserAccountGrain</c> is <c>user-account</c>).
    /// </summary>
    /// <exception cref="InvalidOperationException">The name is not lower-case words joined by hyphens.</exception>
    public static string Of(Type grainType)
    {
        var name = grainType.GetCustomAttribute<AggregateNameAttribute>()?.Name ?? Kebab(grainType.Name);
        return Words().IsMatch(name) ? name : throw new InvalidOperationException(
            $"{grainType} has the aggregate name '{name}', which must be lower-case words joined by hyphens: give it an [AggregateName(\"...\")].");
    }

    private static string Kebab(string className)
    {
        var words = className.EndsWith("Grain", StringComparison.Ordinal) && className.Length > 5 ? className[..^5] : className;
        return Humps().Replace(words, "-").ToLowerInvariant();
    }

    [GeneratedRegex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    private static partial Regex Words();

    // Between "r" and "A" of UserAccount, and between "P" and "Re" of HTTPRequest.
    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")]
    private static partial Regex Humps();
}
