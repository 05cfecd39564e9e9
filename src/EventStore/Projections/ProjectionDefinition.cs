using System.Linq.Expressions;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventStore.Projections.Folding;

namespace EventStore.Projections;

/// <summary>What every projection has: a name, a version and handlers. Derive from <see cref="Projection{TDocument, TKey}"/> instead.</summary>
public abstract partial class ProjectionDefinition
{
    private readonly List<FoldHandler> _handlers = [];
    private readonly List<string> _orders = [];

    private protected ProjectionDefinition(string name, int version)
    {
        if (!ValidName().IsMatch(name) || name.Length > 40)
            throw new InvalidOperationException($"{GetType()} has the name '{name}': it must be lower-case words joined by hyphens, at most 40 characters.");
        if (version < 1)
            throw new InvalidOperationException($"Projection '{name}' has version {version}: versions begin with 1.");
        (Name, Version) = (name, version);
    }

    /// <summary>The name it is read under.</summary>
    public string Name { get; }

    /// <summary>The version of its documents' shape and of its handlers. A higher one is built beside the one that is read, then takes its place.</summary>
    public int Version { get; }

    /// <summary>
    /// True when the result does not depend on the order of events in different streams. Only such a projection may be replayed from a source
    /// that keeps no order across streams, such as Kafka.
    /// </summary>
    public bool OrderIndependent { get; protected init; }

    /// <summary>
    /// True when an event that the handlers fail on is recorded and passed over. By default the projection stops there and says so: the
    /// documents then hold everything before that event, and nothing after it.
    /// </summary>
    public bool SkipsFailingEvents { get; protected init; }

    /// <summary>The document properties, by JSON name, that documents can be listed by.</summary>
    public IReadOnlyList<string> Orders => _orders;

    internal IReadOnlyList<FoldHandler> Handlers => _handlers;

    internal abstract Type DocumentType { get; }

    internal abstract object InitialDocument { get; }

    private protected void Add(FoldHandler handler) => _handlers.Add(handler);

    private protected void AddOrder(LambdaExpression number)
    {
        if (number.Body is not MemberExpression { Expression: ParameterExpression, Member.Name: var member })
            throw new InvalidOperationException($"Projection '{Name}' is ordered by {number}: name a property of the document, as in d => d.Count.");
        _orders.Add(JsonNamingPolicy.CamelCase.ConvertName(member));
    }

    [GeneratedRegex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    internal static partial Regex ValidName();
}

/// <summary>
/// Documents folded from events, one per key. A projection is written as its handlers:
/// <code>
/// public sealed class OrdersByDay : Projection&lt;OrdersOnDay, DateOnly&gt;
/// {
///     public OrdersByDay() : base("orders-by-day", version: 1) =>
///         On&lt;OrderPlaced&gt;(key: e => DateOnly.FromDateTime(e.At.UtcDateTime), apply: (doc, e) => doc with { Count = doc.Count + 1 });
/// }
/// </code>
/// Handlers are pure: they read no clock and keep nothing. An event may have several handlers; they run in the order they are written in.
/// </summary>
/// <typeparam name="TDocument">The document.</typeparam>
/// <typeparam name="TKey">
/// The key: a string, a number, a date, a Guid, an enum or a tuple of such. As text, a tuple's parts are joined by colons: <c>2026-01-31:EUR</c>.
/// </typeparam>
/// <param name="name">The name it is read under: lower-case words joined by hyphens.</param>
/// <param name="version">Raise it when the documents' shape or the handlers change.</param>
public abstract class Projection<TDocument, TKey>(string name, int version) : ProjectionDefinition(name, version)
    where TDocument : class, IDocument<TDocument>
{
    /// <summary>What a handler returns to delete the document; a later event starts again from the initial one.</summary>
    protected static TDocument? Delete => null;

    internal override Type DocumentType => typeof(TDocument);

    internal override object InitialDocument => TDocument.Initial;

    /// <summary>Folds an event into the document of one key. A null key touches none.</summary>
    /// <typeparam name="TEvent">An event, or an interface that events share.</typeparam>
    protected void On<TEvent>(Func<TEvent, TKey?> key, Func<TDocument, TEvent, TDocument?> apply)
        where TEvent : class =>
        On<TEvent>((e, _) => key(e), (doc, e, _) => apply(doc, e));

    /// <summary>Folds an event into the document of one key, seeing where the event stands.</summary>
    /// <typeparam name="TEvent">An event, or an interface that events share.</typeparam>
    protected void On<TEvent>(Func<TEvent, EventMetadata, TKey?> key, Func<TDocument, TEvent, EventMetadata, TDocument?> apply)
        where TEvent : class =>
        Add(new FoldHandler(typeof(TEvent), (e, at) => DocumentKey.Of(key((TEvent)e, at)) is { } text
            ? [new Touch(text, doc => apply((TDocument)doc, (TEvent)e, at))]
            : []));

    /// <summary>Folds an event into the documents of several keys.</summary>
    /// <typeparam name="TEvent">An event, or an interface that events share.</typeparam>
    protected void OnEach<TEvent>(Func<TEvent, IEnumerable<TKey>> keys, Func<TDocument, TKey, TEvent, TDocument?> apply)
        where TEvent : class =>
        Add(new FoldHandler(typeof(TEvent), (e, _) =>
            [.. keys((TEvent)e).Where(key => key is not null).Select(key => new Touch(DocumentKey.Of(key)!, doc => apply((TDocument)doc, key, (TEvent)e)))]));

    /// <summary>Lets documents be listed by a number in them, largest first. Declared here because it needs an index.</summary>
    protected void OrderBy<TNumber>(Expression<Func<TDocument, TNumber>> number)
        where TNumber : INumber<TNumber> => AddOrder(number);
}

/// <summary>One document per aggregate: the key is the stream's, less the aggregate's name.</summary>
/// <typeparam name="TDocument">The document.</typeparam>
/// <param name="name">The name it is read under.</param>
/// <param name="version">Raise it when the documents' shape or the handlers change.</param>
public abstract class StreamProjection<TDocument>(string name, int version) : Projection<TDocument, string>(name, version)
    where TDocument : class, IDocument<TDocument>
{
    /// <summary>Folds an event into its stream's document.</summary>
    /// <typeparam name="TEvent">An event, or an interface that events share.</typeparam>
    protected void On<TEvent>(Func<TDocument, TEvent, TDocument?> apply)
        where TEvent : class =>
        On<TEvent>((_, at) => at.Key, (doc, e, _) => apply(doc, e));
}
