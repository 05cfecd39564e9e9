using System.Text.Json.Nodes;
using Avro.Generic;
using Avro.IO;

namespace SchemaRegistry.Tests;

/// <summary>What an operator is shown of a record: all that it says, whatever its schema.</summary>
public sealed class AvroJsonTests
{
    private static readonly byte[] Purchase = Convert.FromBase64String(
        "AAAAAAFIMjcxODhkOWUtNTRhNi1iMjQ2LTdlMzctZGZhZDVlZDc0OTgxDHVzZXItNAIWc2Vzc2lvbi00LTAEyILV7e5mAAACPk1vemlsbGEvNS4wIChYMTE7IExpbnV4IHg4Nl82NCkCGjEwLjI0MC4yNC4xMzICAgIMYW1vdW50DDE0MS4zMAAKZ2VuLTEKMS4wLjAE");

    [Fact]
    public async Task A_record_of_the_shop_is_shown_whole()
    {
        var schema = (await Samples.Shop().ListAsync()).Single(s => s.Subject == "user-events-value").Schema;
        var json = await new AvroJson(new OneSchema(schema)).DecodeAsync(Purchase);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""
                {
                  "event_id": "27188d9e-54a6-b246-7e37-dfad5ed74981", "user_id": "user-4", "session_id": "session-4-0", "event_type": "PURCHASE",
                  "timestamp": "2025-12-31T23:59:58.116+00:00", "page_url": null, "referrer": null, "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
                  "ip_address": "10.240.24.132", "device_type": "MOBILE", "properties": { "amount": "141.30" },
                  "metadata": { "producer_id": "gen-1", "schema_version": "1.0.0", "environment": "PRODUCTION" }
                }
                """),
            json), json?.ToJsonString());
    }

    [Theory]
    [InlineData("\"string\"", "text", "\"text\"")]
    [InlineData("\"bytes\"", new byte[] { 1, 2 }, "\"AQI=\"")]
    [InlineData("\"double\"", double.NaN, "\"NaN\"")]
    [InlineData("\"float\"", 1.5f, "1.5")]
    [InlineData("\"boolean\"", true, "true")]
    [InlineData("[\"null\",\"long\"]", 7L, "7")]
    [InlineData("[\"null\",\"long\"]", null, "null")]
    public Task A_payload_need_not_be_a_record(string schema, object? value, string expected) => Shown(schema, value!, expected);

    [Fact]
    public Task Collections_are_shown_at_every_depth() => Shown(
        """{"type":"map","values":{"type":"array","items":["null",{"type":"map","values":"int"}]}}""",
        new Dictionary<string, object> { ["a"] = new object?[] { null, new Dictionary<string, object> { ["b"] = 1 } }, ["c"] = Array.Empty<object>() },
        """{"a":[null,{"b":1}],"c":[]}""");

    [Fact]
    public Task Decimals_that_dotnet_has_no_room_for_are_shown_as_text() => Shown(
        """{"type":"bytes","logicalType":"decimal","precision":40,"scale":2}""",
        new Avro.AvroDecimal(System.Numerics.BigInteger.Pow(10, 35), 2),
        $"\"1{new string('0', 33)}.00\"");

    [Fact]
    public async Task A_schema_that_holds_itself_is_refused()
    {
        const string Schema = """{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}""";
        var e = await Assert.ThrowsAsync<RecordFormatException>(() => new AvroJson(new OneSchema(Schema)).DecodeAsync([0, 0, 0, 0, 1, 2, 2, 0]));
        Assert.Contains("holds itself", e.Message, StringComparison.Ordinal);
    }

    private static async Task Shown(string schema, object value, string expected)
    {
        using var payload = new MemoryStream();
        payload.Write([0, 0, 0, 0, 1]);
        var parsed = Avro.Schema.Parse(schema);
        new GenericDatumWriter<object>(parsed).Write(value, new BinaryEncoder(payload));
        var json = await new AvroJson(new OneSchema(schema)).DecodeAsync(payload.ToArray());
        Assert.Equal(expected, json?.ToJsonString(new() { WriteIndented = false }) ?? "null");
    }
}
