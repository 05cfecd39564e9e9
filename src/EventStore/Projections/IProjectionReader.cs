namespace EventStore.Projections;

/// <summary>Reads projected documents.</summary>
/// <remarks>Every method throws <see cref="Appending.StoreUnavailableException"/> while the database cannot be reached.</remarks>
public interface IProjectionReader
{
    /// <summary>One document, or null when the projection has none under that key.</summary>
    /// <param name="name">The projection, or a replay's own name.</param>
    /// <param name="key">The document's key.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <exception cref="ProjectionException">There is no such projection.</exception>
    ValueTask<ProjectedDocument?> GetAsync(string name, string key, CancellationToken cancellationToken = default);

    /// <summary>A page of documents, by key or by a declared number.</summary>
    /// <param name="name">The projection, or a replay's own name.</param>
    /// <param name="query">Which, and how many.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <exception cref="ProjectionException">There is no such projection, it has no such order, or the cursor is none of its own.</exception>
    ValueTask<DocumentPage> ListAsync(string name, DocumentQuery query, CancellationToken cancellationToken = default);
}

/// <summary>A projected document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Json">The document.</param>
/// <param name="Sequence">The last event that changed it: its ETag.</param>
public sealed record ProjectedDocument(string Key, string Json, long Sequence);

/// <summary>Which documents.</summary>
/// <param name="Cursor">The <see cref="DocumentPage.Next"/> of the page before, or null for the first page.</param>
/// <param name="Limit">The most documents to return.</param>
/// <param name="Prefix">Only keys that begin with this.</param>
/// <param name="OrderBy">A number that the projection is ordered by, largest first; null for keys in order.</param>
public sealed record DocumentQuery(string? Cursor = null, int Limit = 50, string? Prefix = null, string? OrderBy = null);

/// <summary>A page of documents.</summary>
/// <param name="Items">The documents.</param>
/// <param name="Next">Where the next page begins, or null after the last.</param>
public sealed record DocumentPage(IReadOnlyList<ProjectedDocument> Items, string? Next);
