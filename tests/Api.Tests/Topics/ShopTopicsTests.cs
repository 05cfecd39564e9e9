using System.Text.Json;
using AppHost.Running;

namespace Api.Tests.Topics;

public sealed class ShopTopicsTests
{
    [Fact]
    public void Every_topic_with_a_schema_is_created_on_a_broker_of_our_own()
    {
        var subjects = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "schemas", "subjects.json"))).RootElement;
        Assert.Equal(
            subjects.EnumerateObject().Select(s => s.Name[..^"-value".Length]).Append("dead-letters").Order(StringComparer.Ordinal),
            ShopTopics.All.Order(StringComparer.Ordinal));
    }
}
