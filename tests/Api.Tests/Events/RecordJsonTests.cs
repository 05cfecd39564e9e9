using System.Text.Json;
using System.Text.Json.Nodes;
using EventPlatform.AspNetCore.Events.Ingest;
using EventPlatform.AspNetCore.Http;

namespace Api.Tests.Events;

public sealed class RecordJsonTests
{
    [Fact]
    public void Records_within_lists_and_maps_are_read_by_either_name()
    {
        var (basket, errors) = Read("""{"id":"1","lines":[{"product_id":"p1","quantity":2}],"byShop":{"north":{"productId":"p2","quantity":3}}}""");
        Assert.Empty(errors);
        Assert.Equal([new Line("p1", 2)], basket!.Lines);
        Assert.Equal(new Line("p2", 3), basket.ByShop["north"]);
    }

    [Fact]
    public void What_is_wrong_within_lists_and_maps_is_named_with_its_place_and_all_at_once()
    {
        var (_, errors) = Read("""{"id":"1","lines":[{"product_id":"p1","quantity":2},{"productId":"p2","quantity":"many","colour":"red"},{"quantity":1},null],"byShop":{"north":{"productId":"p3"},"south":"none"}}""");
        Assert.Equal(
            ["byShop.north.quantity", "byShop.south", "lines[1].colour", "lines[1].quantity", "lines[2].productId", "lines[3]"], errors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["It is required."], errors["lines[2].productId"]);
    }

    [Fact]
    public void What_a_records_constructor_needs_is_required_unless_it_may_be_null()
    {
        var (_, errors) = Read("""{"lines":null,"byShop":{}}""");
        Assert.Equal(["id", "lines"], errors.Keys.Order(StringComparer.Ordinal));
    }

    private static (Basket? Basket, IDictionary<string, string[]> Errors) Read(string json)
    {
        var checks = new Checks();
        var basket = RecordJson.Read<Basket>(JsonElement.Parse(json), new JsonObject(), checks);
        return (basket, checks.Problem?.ProblemDetails.Errors ?? new Dictionary<string, string[]>());
    }

    private sealed record Basket(string Id, IReadOnlyList<Line> Lines, IReadOnlyDictionary<string, Line> ByShop, string? Note);

    private sealed record Line(string ProductId, int Quantity);
}
