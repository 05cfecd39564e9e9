using System.Net;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Testing;
using static Api.Tests.Calls;

namespace Api.Tests.DeadLetters;

public sealed class DeadLetterTests(ShopSystem system)
{
    private HttpClient Http => system.Http;

    [Fact]
    public async Task A_record_that_cannot_be_read_is_listed_with_place_and_reason_and_shown_whole()
    {
        var key = NewId("u");
        var at = await ProduceAsync(key, Encoding.UTF8.GetBytes("not avro"));
        var letter = await FindAsync(key);
        Assert.Equal(("open", "undecodable", "user"), (letter.Text("status"), letter.Text("kind"), letter.Text("consumer")));
        Assert.Equal((at.Partition.Value, at.Offset.Value), (letter.GetProperty("record").GetProperty("partition").GetInt32(), letter.GetProperty("record").GetProperty("offset").GetInt64()));
        Assert.False(letter.TryGetProperty("payload", out _));

        var whole = await Http.GetJsonAsync($"/dead-letters/{letter.GetProperty("id").GetInt64()}");
        Assert.Equal("not avro", Encoding.UTF8.GetString(whole.GetProperty("payload").GetBytesFromBase64()));
    }

    [Fact]
    public async Task A_mended_record_reaches_its_stream_and_who_sent_it_is_recorded()
    {
        var key = NewId("u");
        await ProduceAsync(key, [1, 2, 3]);
        var id = (await FindAsync(key)).GetProperty("id").GetInt64();

        var still = await (await Http.PostAsync($"/dead-letters/{id}/reprocess", "{}", who: "ada")).ProblemAsync(HttpStatusCode.UnprocessableEntity);
        Assert.Contains("still cannot be applied", still.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(["value.eventType"], await (await Http.PostAsync($"/dead-letters/{id}/reprocess", $$"""{"value":{"userId":"{{key}}"} }""")).ErrorsAsync());

        await (await Http.PostAsync($"/dead-letters/{id}/reprocess", $$"""{"value":{"userId":"{{key}}","eventType":"CLICK"} }""", who: "ada")).OkAsync();
        var stored = Assert.Single((await Http.GetJsonAsync($"/users/{key}/events")).Items());
        Assert.True(stored.GetProperty("reprocessed").GetBoolean());
        Assert.Equal("reprocessed", (await Http.GetJsonAsync($"/dead-letters/{id}")).Text("status"));
        await (await Http.PostAsync($"/dead-letters/{id}/reprocess", "{}")).ProblemAsync(HttpStatusCode.Conflict);
        await SeeActAsync("ada", "reprocess", id);
    }

    [Fact]
    public async Task A_discarded_record_stays_discarded_and_who_did_it_is_recorded()
    {
        var key = NewId("u");
        await ProduceAsync(key, [1, 2, 3]);
        var id = (await FindAsync(key)).GetProperty("id").GetInt64();
        await (await Http.PostAsync($"/dead-letters/{id}/discard", """{"reason":"a test"}""", who: "grace")).OkAsync();
        await (await Http.PostAsync($"/dead-letters/{id}/discard", "{}")).ProblemAsync(HttpStatusCode.Conflict);
        Assert.Contains((await Http.GetJsonAsync("/dead-letters?status=discarded&limit=500")).Items(), l => l.GetProperty("id").GetInt64() == id);
        await SeeActAsync("grace", "discard", id);
    }

    [Fact]
    public async Task A_record_that_its_schema_reads_is_shown_decoded()
    {
        var (first, other) = (NewId("u"), NewId("u"));
        var at = """ "eventType":"CLICK","timestamp":"2026-01-31T12:00:00Z","eventId":""" + $"\"{Guid.NewGuid()}\"";
        await (await Http.PostAsync("/events", $$"""{"userId":"{{first}}",{{at}}}""")).OkAsync();
        await Eventually.Async(async () => (await Http.GetAsync($"/users/{first}")).IsSuccessStatusCode, ShopSystem.Deadline, "the first is stored");
        await (await Http.PostAsync("/events", $$"""{"userId":"{{other}}",{{at}}}""")).OkAsync(); // the same event id under another key
        var letter = await FindAsync(other);
        Assert.Equal("idConflict", letter.Text("kind"));
        Assert.Equal((other, "CLICK"), (letter.GetProperty("decoded").Text("user_id"), letter.GetProperty("decoded").Text("event_type")));
        Assert.Equal("stored", (await Http.GetJsonAsync($"/events/{letter.Text("eventId")}")).Text("outcome"));
    }

    [Fact]
    public async Task Wrong_filters_and_unknown_letters_are_refused()
    {
        Assert.Equal(["kind", "limit", "status"], await (await Http.GetAsync("/dead-letters?kind=rotten&status=2&limit=-1")).ErrorsAsync());
        await (await Http.GetAsync("/dead-letters/999999")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.PostAsync("/dead-letters/999999/discard", "{}")).ProblemAsync(HttpStatusCode.NotFound);
        await (await Http.PostAsync("/dead-letters/999999/reprocess", "{}")).ProblemAsync(HttpStatusCode.NotFound);
    }

    private async Task<JsonElement> FindAsync(string key) => (await Eventually.Async(
        async () => (await Http.GetJsonAsync("/dead-letters?topic=user-events&limit=500")).Items().Where(l => l.TryGetProperty("key", out var k) && k.GetString() == key).ToArray(),
        found => found.Length == 1, ShopSystem.Deadline, "the dead letter is listed"))[0];

    private async Task SeeActAsync(string who, string action, long id) => Assert.Contains((await Http.GetJsonAsync("/operator-actions?limit=500")).Items(),
        a => a.Text("operator") == who && a.Text("action") == action && a.Text("subject")!.Contains($"dead letter {id} ", StringComparison.Ordinal));

    private async Task<TopicPartitionOffset> ProduceAsync(string key, byte[] value)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = system.BootstrapServers,
            Partitioner = Partitioner.Murmur2Random,
            Acks = Acks.All,
        }).Build();
        return (await producer.ProduceAsync("user-events", new Message<string, byte[]> { Key = key, Value = value })).TopicPartitionOffset;
    }
}
