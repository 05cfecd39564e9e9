using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using EventPlatform.AspNetCore.Http;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>
/// Reads a topic's record from JSON. Names may be the schema's (<c>user_id</c>) or this API's (<c>userId</c>). Every error is found, not
/// only the first.
/// </summary>
internal static class RecordJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new LenientEnums() },
        // What is missing has been found before, with everything else.
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { type => type.Properties.ToList().ForEach(p => p.IsRequired = false) } },
    };

    /// <summary>The record; where <paramref name="checks"/> says that a field is wrong or missing, without that field. Null when it is no object.</summary>
    public static T? Read<T>(JsonElement json, JsonObject defaults, Checks checks)
        where T : class
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            checks.Add("body", "It must be a JSON object.");
            return null;
        }

        var record = Rename(JsonObject.Create(json)!, typeof(T), "", checks);
        foreach (var (name, value) in defaults)
            record.TryAdd(name, value?.DeepClone());
        RemoveWrong(record, typeof(T), "", checks);
        return record.Deserialize<T>(Options);
    }

    /// <summary>Whether the JSON has a field of this C# name, in any spelling.</summary>
    public static bool Has(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.EnumerateObject().Any(p => Plain(p.Name) == Plain(name));

    private static JsonObject Rename(JsonObject json, Type type, string path, Checks checks)
    {
        var renamed = new JsonObject();
        var properties = type.GetProperties().ToDictionary(p => Plain(p.Name));
        foreach (var (name, value) in json)
        {
            if (!properties.TryGetValue(Plain(name), out var property))
                checks.Add(path + name, $"There is no such field in {type.Name}.");
            else if (!renamed.TryAdd(CamelCase(property), RenameIn(value, property.PropertyType, path + CamelCase(property), checks)))
                checks.Add(path + name, "It is given twice.");
        }

        return renamed;
    }

    private static JsonNode? RenameIn(JsonNode? value, Type type, string path, Checks checks) => value switch
    {
        JsonObject o when IsRecord(type) => Rename(o, type, $"{path}.", checks),
        JsonObject o when ValueOf(type) is { } of => new JsonObject(o.Select(e => KeyValuePair.Create(e.Key, RenameIn(e.Value, of, $"{path}.{e.Key}", checks)))),
        JsonArray a when ElementOf(type) is { } of => new JsonArray([.. a.Select((e, i) => RenameIn(e, of, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), checks))]),
        _ => value?.DeepClone(),
    };

    private static void RemoveWrong(JsonObject record, Type type, string path, Checks checks)
    {
        foreach (var property in type.GetProperties())
        {
            var name = CamelCase(property);
            var error = record[name] is { } value ? ErrorAt(value, property.PropertyType, path + name, checks)
                : IsRequired(property) ? "It is required." : null;
            if (error is null)
                continue;
            checks.Add(path + name, error);
            record.Remove(name);
        }
    }

    /// <summary>What is wrong with a value itself; of what lies within it, <paramref name="checks"/> is told.</summary>
    private static string? ErrorAt(JsonNode value, Type type, string path, Checks checks)
    {
        switch (value)
        {
            case JsonObject o when IsRecord(type):
                RemoveWrong(o, type, $"{path}.", checks);
                return null;
            case JsonObject o when ValueOf(type) is { } of && IsNested(of):
                foreach (var (name, item) in o.ToList())
                {
                    if (IsWrong(item, of, $"{path}.{name}", checks))
                        o[name] = null;
                }

                return null;
            case JsonArray a when ElementOf(type) is { } of && IsNested(of):
                for (var i = 0; i < a.Count; i++)
                {
                    if (IsWrong(a[i], of, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), checks))
                        a[i] = null;
                }

                return null;
            default:
                return ErrorIn(value, type);
        }
    }

    /// <summary>Whether an item of a list or map is wrong itself.</summary>
    private static bool IsWrong(JsonNode? item, Type type, string path, Checks checks)
    {
        if ((item is null ? "It must not be null." : ErrorAt(item, type, path, checks)) is not { } error)
            return false;
        checks.Add(path, error);
        return true;
    }

    // A record without a constructor of its own says `required`; one with says it by its parameters.
    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute))
        || (property.DeclaringType!.GetConstructors() is [var only]
            && only.GetParameters().Any(p => !p.HasDefaultValue && string.Equals(p.Name, property.Name, StringComparison.OrdinalIgnoreCase))
            && new NullabilityInfoContext().Create(property).ReadState is not NullabilityState.Nullable);

    private static string? ErrorIn(JsonNode value, Type type)
    {
        try
        {
            value.Deserialize(type, Options);
            return null;
        }
        catch (JsonException e)
        {
            // The enums' converter says which words there are; what the serializer itself says names types of ours.
            return e.Message.StartsWith(LenientEnums.Complaint, StringComparison.Ordinal) ? e.Message : $"{value.ToJsonString()} is not {Describe(type)}.";
        }
    }

    private static string Describe(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(DateTimeOffset) => "a time such as 2026-01-31T12:00:00Z",
        var t when t == typeof(decimal) || t.IsPrimitive && t != typeof(bool) => "a number",
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(string) => "a text",
        _ => "an object of texts",
    };

    private static bool IsRecord(Type type) => type.IsClass && type != typeof(string) && !type.IsAssignableTo(typeof(IEnumerable));

    private static bool IsNested(Type type) => IsRecord(type) || (ValueOf(type) ?? ElementOf(type)) is { } of && IsNested(of);

    private static Type? ValueOf(Type type) => Of(type, typeof(IDictionary<,>)) ?? Of(type, typeof(IReadOnlyDictionary<,>));

    private static Type? ElementOf(Type type) => type == typeof(string) ? null : Of(type, typeof(IEnumerable<>));

    /// <summary>The last type argument of an interface that a type is or has.</summary>
    private static Type? Of(Type type, Type definition) => type.GetInterfaces().Append(type)
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition)?.GetGenericArguments()[^1];

    private static string CamelCase(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
}
