using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace StreamJobs.State;

/// <summary>What a type looks like in state: its members and theirs, so that a class that changed is not taken for the one that was kept.</summary>
internal static class StateContract
{
    public static string Of(Type type) => Of(type, []);

    private static string Of(Type type, HashSet<Type> around)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Of(inner, around) + "?";
        if (type.IsAssignableTo(typeof(ITuple)))
            return $"({string.Join(", ", type.GetGenericArguments().Select(t => Of(t, around)))})";
        if (type.IsEnum || type.Namespace is "System" || type.IsGenericParameter)
            return type.Name;
        if (type.IsGenericType && type.GetInterfaces().Append(type).Any(i => i == typeof(IEnumerable)))
            return $"[{string.Join(", ", type.GetGenericArguments().Select(t => Of(t, around)))}]";
        if (type.GetElementType() is { } element)
            return $"[{Of(element, around)}]";
        if (!around.Add(type))
            return type.Name; // it holds itself
        var members = type.GetProperties().Where(p => p.CanRead && p.GetIndexParameters().Length == 0 && !p.IsDefined(typeof(JsonIgnoreAttribute), inherit: true))
            .Select(p => (p.Name, Type: p.PropertyType))
            .Concat(type.GetFields().Where(f => !f.IsStatic && !f.IsDefined(typeof(JsonIgnoreAttribute), inherit: true)).Select(f => (f.Name, Type: f.FieldType)))
            .OrderBy(m => m.Name, StringComparer.Ordinal).Select(m => $"{m.Name}: {Of(m.Type, around)}");
        var shape = $"{type.Name} {{ {string.Join(", ", members)} }}";
        around.Remove(type);
        return shape;
    }
}
