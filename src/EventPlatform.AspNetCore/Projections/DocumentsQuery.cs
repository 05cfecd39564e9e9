using System.ComponentModel;
using System.Text.Json.Nodes;
using EventPlatform.AspNetCore.Http;
using EventStore.Projections;

namespace EventPlatform.AspNetCore.Projections;

/// <summary>Which documents of a projection.</summary>
internal sealed record DocumentsQuery(
    [property: Description("Only keys that begin with this.")] string? Prefix,
    [property: Description("A number in the documents that the projection is ordered by, largest first; keys in order unless given.")] string? Order)
{
    public DocumentQuery For(PageQuery page, int limit) => new(page.Cursor, limit, Prefix, string.IsNullOrEmpty(Order) ? null : Order);
}

/// <summary>Documents as the items of a list that knows what their key is.</summary>
internal static class DocumentList
{
    /// <summary>A page of documents, each with its key as <c>id</c>; fields that a list does not show are left out.</summary>
    public static async Task<IResult> ReadAsync(
        IProjectionReader reader, string projection, PageQuery page, DocumentsQuery query, IReadOnlyList<string> without, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        if (checks.Problem is { } problem)
            return problem;
        var documents = await reader.ListAsync(projection, query.For(page, limit), cancellationToken);
        return new Tagged<Page<JsonObject>>(new([.. documents.Items.Select(d => Item(d, without))], documents.Next));
    }

    private static JsonObject Item(ProjectedDocument document, IReadOnlyList<string> without)
    {
        var item = new JsonObject { ["id"] = document.Key };
        foreach (var (name, value) in JsonNode.Parse(document.Json)!.AsObject().Where(p => !without.Contains(p.Key)))
            item[name] = value?.DeepClone();
        item["sequence"] = document.Sequence;
        return item;
    }
}
