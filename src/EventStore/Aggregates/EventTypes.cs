using System.Collections.Concurrent;
using System.Reflection;

namespace EventStore.Aggregates;

/// <summary>The events an application stores, by stable name. Events are registered with their aggregate, before the first one is stored.</summary>
public sealed class EventTypes
{
    private readonly ConcurrentDictionary<string, Type> _types = new(StringComparer.Ordinal);

    /// <summary>Every event registered so far.</summary>
    public IEnumerable<Type> All => _types.Values;

    /// <summary>Registers every <see cref="EventNameAttribute"/> class that is an event of <paramref name="eventBase"/>, from its assembly.</summary>
    /// <exception cref="InvalidOperationException">Two events share a name, or there is no event.</exception>
    public EventTypes AddEventsOf(Type eventBase)
    {
        var events = eventBase.Assembly.GetTypes()
            .Where(t => eventBase.IsAssignableFrom(t) && t is { IsAbstract: false, IsInterface: false }).ToArray();
        if (events.Length == 0)
            throw new InvalidOperationException($"{eventBase} has no events: no class in {eventBase.Assembly.GetName().Name} implements it.");
        foreach (var type in events)
        {
            var name = NameOf(type);
            if (_types.GetOrAdd(name, type) is var other && other != type)
                throw new InvalidOperationException($"Event name '{name}' is taken twice: by {other} and by {type}. Give one of them another [EventName].");
        }

        return this;
    }

    /// <summary>The stable name of an event.</summary>
    /// <exception cref="InvalidOperationException">The class has no <see cref="EventNameAttribute"/>.</exception>
    public static string NameOf(Type type) => type.GetCustomAttribute<EventNameAttribute>()?.Name
        ?? throw new InvalidOperationException($"{type} is stored as an event and needs an [EventName(\"...\")]: a class name may change, a stored name may not.");

    /// <summary>Whether an event of this name is registered.</summary>
    public bool Knows(string name) => _types.ContainsKey(name);

    /// <summary>The class that a stored name stands for.</summary>
    /// <exception cref="InvalidOperationException">No such event is registered: it was stored by another version of the application.</exception>
    public Type TypeOf(string name) => _types.TryGetValue(name, out var type) ? type
        : throw new InvalidOperationException($"The store holds an event named '{name}', which no registered aggregate knows. Keep a class with [EventName(\"{name}\")].");
}
