using System.Text.Json;

namespace EventStore.Testing;

/// <summary>What an aggregate decided, and the state after it.</summary>
/// <typeparam name="TState">The aggregate.</typeparam>
public sealed class Outcome<TState>
    where TState : class
{
    private readonly AggregateShape<TState> _shape;
    private readonly Decided _decided;

    internal Outcome(AggregateShape<TState> shape, TState before, Decided decided)
    {
        (_shape, _decided, State) = (shape, decided, before);
        try
        {
            State = shape.Fold(before, decided.Events);
        }
        catch (Exception e) when (e is not ScenarioException)
        {
            _decided = new([], null, false, e);
        }
    }

    /// <summary>The state after the events.</summary>
    public TState State { get; }

    /// <summary>Exactly these events, in this order.</summary>
    /// <exception cref="ScenarioException">Others, or none.</exception>
    public Outcome<TState> Then(params object[] events) =>
        events.Length == 0 ? ThenNothing() : Expect(Same(events, _decided.Events), "these events", events);

    /// <summary>No event, for whatever reason.</summary>
    /// <exception cref="ScenarioException">There are events.</exception>
    public Outcome<TState> ThenNothing() => Expect(_decided is { Events: [], Exception: null }, "no event");

    /// <summary>No event, because there was nothing to do.</summary>
    /// <param name="reason">The aggregate's reason, or null for any.</param>
    /// <exception cref="ScenarioException">There are events or a refusal, or another reason.</exception>
    public Outcome<TState> ThenIgnored(string? reason = null) => Expect(
        _decided is { Events: [], IsRejected: false, Exception: null } && IsReason(reason), Named("ignored", reason));

    /// <summary>No event, because the aggregate refused.</summary>
    /// <param name="reason">The aggregate's reason, or null for any.</param>
    /// <exception cref="ScenarioException">It did not refuse, or for another reason.</exception>
    public Outcome<TState> ThenRejected(string? reason = null) => Expect(_decided.IsRejected && IsReason(reason), Named("rejected", reason));

    /// <summary>An exception, which makes the record a dead letter.</summary>
    /// <typeparam name="TException">Its type, or a base of it.</typeparam>
    /// <exception cref="ScenarioException">There was none, or another.</exception>
    public Outcome<TState> ThenFails<TException>()
        where TException : Exception => Expect(_decided.Exception is TException, $"a {typeof(TException).Name}");

    /// <summary>This state after the events.</summary>
    /// <exception cref="ScenarioException">Another one.</exception>
    public Outcome<TState> ThenState(TState expected)
    {
        ThrowIfFailed($"the state {Json(expected)}");
        return expected.Equals(State) || Json(expected) == Json(State) ? this
            : throw new ScenarioException($"Expected the state\n  {Json(expected)}\nbut it is\n  {Json(State)}");
    }

    /// <summary>Goes on with another record from the state after the events.</summary>
    /// <param name="record">A record of the type that the aggregate takes.</param>
    public Outcome<TState> When(object record)
    {
        ThrowIfFailed("a state to go on from");
        return new GivenState<TState>(_shape, State).When(record);
    }

    private Outcome<TState> Expect(bool holds, string what, params object[] events)
    {
        if (holds)
            return this;
        ThrowIfFailed(what);
        throw new ScenarioException($"Expected {what}{Lines(events)}\nbut the aggregate decided{Actual()}");
    }

    private void ThrowIfFailed(string expected)
    {
        if (_decided.Exception is { } e)
            throw new ScenarioException($"Expected {expected}, but the aggregate threw {e.GetType().Name}: {e.Message}", e);
    }

    private string Actual() => _decided.Events.Count > 0 ? Lines(_decided.Events)
        : $"\n  {Named(_decided.IsRejected ? "rejected" : "ignored", _decided.Reason)}";

    private bool IsReason(string? reason) => reason is null || reason == _decided.Reason;

    private static bool Same(object[] expected, IReadOnlyList<object> actual) =>
        expected.Length == actual.Count && expected.Zip(actual).All(pair => pair.First.Equals(pair.Second)
            || (pair.First.GetType() == pair.Second.GetType() && Json(pair.First) == Json(pair.Second)));

    private static string Named(string outcome, string? reason) => reason is null ? outcome : $"{outcome}: \"{reason}\"";

    private static string Lines(IEnumerable<object> events) => string.Concat(events.Select(e => $"\n  {e.GetType().Name} {Json(e)}"));

    private static string Json(object value) => JsonSerializer.Serialize(value, value.GetType(), EventJson.Options);
}
