using EventStore.Projections;

namespace EventStore.Tests.Projections;

public sealed record Total(int Count, long Sum, string? Last) : IDocument<Total>
{
    public static Total Initial => new(0, 0, null);
}

/// <summary>One document per remainder; the name and the last text make it depend on the order of all events.</summary>
public sealed class Totals : Projection<Total, int>
{
    public const string ProjectionName = "totals";

    public Totals() : base(ProjectionName, version: 1)
    {
        On<Counted>(key: e => e.Value % 5, apply: (doc, e) => doc with { Count = doc.Count + 1, Sum = doc.Sum + e.Value, Last = e.Text ?? doc.Last });
        OnEach<Renamed>(keys: e => e.Name.Select(c => c % 5).Distinct(), apply: (doc, key, e) => e.Name.Length == key ? Delete : doc with { Last = e.Name });
        OrderBy(doc => doc.Sum);
    }
}

public sealed class TotalsV2 : Projection<Total, string>
{
    public TotalsV2() : base(Totals.ProjectionName, version: 2) =>
        On<Counted>(key: e => e.Value % 2 == 0 ? "even" : "odd", apply: (doc, e) => doc with { Count = doc.Count + 1, Sum = doc.Sum + e.Value });
}

/// <summary>One document per stream; a sum and a count depend on no order.</summary>
public sealed class PerStream : StreamProjection<Total>
{
    public PerStream() : base("per-stream", version: 1)
    {
        OrderIndependent = true;
        On<Counted>((doc, e) => doc with { Count = doc.Count + 1, Sum = doc.Sum + e.Value });
    }
}

/// <summary>Fails on negative numbers, until they are allowed; a NUL in the text makes its document one that cannot be stored.</summary>
public sealed class Fragile : Projection<Total, string>
{
    public Fragile() : base("fragile", version: 1) =>
        On<Counted>(key: _ => "all", apply: (doc, e) => e.Value < 0 && !AllowNegative.Value
            ? throw new InvalidOperationException($"{e.Value} is negative")
            : doc with { Count = doc.Count + 1, Sum = doc.Sum + e.Value, Last = e.Text == "nul" ? "\0" : e.Text ?? doc.Last });

    public static AsyncFlag AllowNegative { get; } = new();
}

public sealed class Forgiving : Projection<Total, string>
{
    public Forgiving() : base("forgiving", version: 1)
    {
        SkipsFailingEvents = true;
        On<Counted>(key: _ => "all", apply: (doc, e) => e.Value < 0
            ? throw new InvalidOperationException($"{e.Value} is negative")
            : doc with { Count = doc.Count + 1, Sum = doc.Sum + e.Value });
    }
}

/// <summary>A flag that a test sets for what runs in it, and that no other test sees.</summary>
public sealed class AsyncFlag
{
    private readonly AsyncLocal<bool> _value = new();

    public bool Value
    {
        get => _value.Value;
        set => _value.Value = value;
    }
}
