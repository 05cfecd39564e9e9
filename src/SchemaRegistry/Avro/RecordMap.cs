using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Avro;

namespace SchemaRegistry;

/// <summary>How a C# record stands beside an Avro one: properties by snake_case name, enum members by symbol without underscores and case.</summary>
internal static class RecordMap
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyDictionary<string, PropertyInfo>> Cache = new();

    /// <summary>The settable properties of a type by Avro name.</summary>
    public static IReadOnlyDictionary<string, PropertyInfo> PropertiesOf(Type type) => Cache.GetOrAdd(type, t =>
        t.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && !p.IsDefined(typeof(AvroMapEntryAttribute)))
            .ToDictionary(p => SnakeCase(p.Name), StringComparer.Ordinal));

    /// <summary>The property that each field of a writer's schema goes into: by its name, or by an alias when no field has the name.</summary>
    public static Dictionary<string, PropertyInfo> PropertiesIn(Type type, RecordSchema writer)
    {
        var fields = writer.Fields.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        return PropertiesOf(type)
            .Select(p => (Field: p.Value.GetCustomAttributes<AvroAliasAttribute>().Select(a => a.Name).Prepend(p.Key).FirstOrDefault(fields.Contains), Property: p.Value))
            .Where(p => p.Field is not null)
            .ToDictionary(p => p.Field!, p => p.Property, StringComparer.Ordinal);
    }

    /// <summary>The properties of a type that take entries of a map field, by the entries' keys.</summary>
    public static IReadOnlyList<(string Key, PropertyInfo Property)> EntriesOf(Type type, string field) =>
        [.. from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            let entry = property.GetCustomAttribute<AvroMapEntryAttribute>()
            where entry is not null && entry.Field == field
            select (entry.Key, property)];

    /// <summary>Whether a value must be given: a C# <c>required</c> property.</summary>
    public static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    /// <summary>The C# value of each symbol, or null for one that the enum lacks.</summary>
    public static object?[] EnumValues(Type type, IEnumerable<string> symbols) =>
        [.. symbols.Select(s => Enum.TryParse(type, s.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var value) ? value : null)];

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
