using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using EventStore.Appending;

namespace EventStore.Projections.Folding;

/// <summary>A document's key as text: the same on every machine, whatever its culture.</summary>
internal static class DocumentKey
{
    /// <summary>Longer keys would not fit Postgres' index.</summary>
    public const int MaxLength = 500;

    public static string? Of<TKey>(TKey? key)
    {
        if (key is null)
            return null;
        var text = Text(key);
        if (text.Length is 0 or > MaxLength)
            throw new ArgumentException($"A document's key must have 1 to {MaxLength} characters; this one has {text.Length}.");
        return StorableText.IsStorable(text) ? text
            : throw new ArgumentException("A document's key holds a NUL character or half a surrogate pair, which Postgres cannot store.");
    }

    private static string Text(object key) => key switch
    {
        string text => text,
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture),
        Enum value => JsonNamingPolicy.CamelCase.ConvertName(value.ToString()),
        bool flag => flag ? "true" : "false",
        ITuple tuple => string.Join(':', Enumerable.Range(0, tuple.Length).Select(i => Part(tuple[i]))),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"{key.GetType()} cannot be a document's key: use a string, a number, a date, a Guid, an enum or a tuple of such."),
    };

    // A colon inside a part must not make two keys one.
    private static string Part(object? part) => part is string text
        ? text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal)
        : Text(part ?? "");
}
