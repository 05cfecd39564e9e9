using System.Runtime.CompilerServices;

namespace StreamJobs.Columns;

/// <summary>What can be done with values of a type, known when a job is declared and not when the first two of them meet.</summary>
internal static class Values
{
    /// <summary>Whether one is smaller than another. A tuple's are as what it consists of.</summary>
    public static bool IsOrdered(Type type)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (value.IsAssignableTo(typeof(ITuple)) && value.IsGenericType)
            return value.GetGenericArguments().All(IsOrdered);
        return value.IsAssignableTo(typeof(IComparable)) || value.IsAssignableTo(typeof(IComparable<>).MakeGenericType(value));
    }

    /// <summary>Whether two that say the same are equal. Of arrays and of classes that say nothing of it, only the same object is.</summary>
    public static bool HasEquality(Type type)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        if (value.IsAssignableTo(typeof(ITuple)) && value.IsGenericType)
            return value.GetGenericArguments().All(HasEquality);
        return value.IsValueType || value.IsAssignableTo(typeof(IEquatable<>).MakeGenericType(value))
            || (value.GetMethod(nameof(Equals), [typeof(object)]) is { } equals && equals.DeclaringType != typeof(object));
    }
}
