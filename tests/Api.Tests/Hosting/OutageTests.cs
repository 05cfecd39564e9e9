using System.Diagnostics;
using System.Net;
using System.Text.Json;
using AppHost.Kafka;
using AppHost.Running;
using EventStore.Checkpoints;
using Microsoft.Extensions.DependencyInjection;
using Testing;
using Testing.Postgres;

namespace Api.Tests.Hosting;

public sealed class OutageTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15); // far above the timeouts set below, far below "for ever"

    [Fact]
    public async Task Without_a_cluster_the_api_answers_503_at_once_and_goes_on_as_soon_as_there_is_one()
    {
        await using var kafka = await StartKafkaAsync();
        await using var postgres = await PostgresServer.StartOwnAsync();
        var settings = Settings(await postgres.CreateDatabaseAsync(), kafka);
        await using var api = new ApiServer(settings);

        using (var away = await QuicklyAsync(() => api.Client.GetAsync("/users/u")))
        {
            await away.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(away.Headers.RetryAfter);
        }

        Assert.Equal(HttpStatusCode.OK, (await api.Client.GetAsync("/health/live")).StatusCode);
        using (var ready = await api.Client.GetAsync("/health/ready"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Contains("Cluster:Id", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using (var silo = await ShopSilo.StartAsync(settings))
        {
            await Eventually.Async(async () => (await api.Client.GetAsync("/users/u")).StatusCode == HttpStatusCode.NotFound, ShopSystem.Deadline, "the cluster is asked");
            await silo.StopAsync();
        }

        await Eventually.Async(async () => (await QuicklyAsync(() => api.Client.GetAsync("/users/u"))).StatusCode == HttpStatusCode.ServiceUnavailable,
            ShopSystem.Deadline, "the lost cluster is a 503");

        using var next = await ShopSilo.StartAsync(settings);
        await Eventually.Async(async () => (await QuicklyAsync(() => api.Client.GetAsync("/users/u"))).StatusCode == HttpStatusCode.NotFound,
            ShopSystem.Deadline, "the silo that came back is asked");
        await next.StopAsync();
    }

    [Fact]
    public async Task Without_postgres_reads_are_503_within_their_time_and_go_on_when_it_is_back()
    {
        await using var kafka = await StartKafkaAsync();
        await using var postgres = await PostgresServer.StartOwnAsync();
        await using var api = new ApiServer(Settings(await postgres.CreateDatabaseAsync(), kafka));
        await (await api.Client.GetAsync("/dead-letters")).OkAsync();

        await postgres.StopAsync(immediately: true);
        foreach (var path in new[] { "/dead-letters", "/users/u/events", "/projections", "/topics", "/users" })
        {
            // A quarter of a second's old answer may still be given once.
            using var away = await Eventually.Async(
                () => QuicklyAsync(() => api.Client.GetAsync(path)), answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable, ShopSystem.Deadline, $"{path} is a 503");
            await away.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(away.Headers.RetryAfter);
        }

        Assert.Equal(("healthy", "unhealthy"), (await HealthAsync(api, "kafka"), await HealthAsync(api, "postgres")));

        await postgres.StartAsync();
        await Eventually.Async(async () => (await api.Client.GetAsync("/dead-letters")).IsSuccessStatusCode, ShopSystem.Deadline, "reads go on");
    }

    [Fact]
    public async Task Without_kafka_ingest_is_a_503_that_says_what_was_not_acknowledged()
    {
        await using var kafka = await StartKafkaAsync();
        await using var postgres = await PostgresServer.StartOwnAsync();
        await using var api = new ApiServer(Settings(await postgres.CreateDatabaseAsync(), kafka));
        kafka.TakeDown();

        using var away = await QuicklyAsync(() => api.Client.PostAsync("/events", """{"userId":"u","eventType":"CLICK"}"""));
        var problem = await away.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.NotEqual("", Assert.Single(problem.Items()).Text("error"));

        kafka.BringUp();
        await Eventually.Async(async () => (await api.Client.PostAsync("/events", """{"userId":"u","eventType":"CLICK"}""")).IsSuccessStatusCode,
            ShopSystem.Deadline, "ingest goes on");
    }

    [Fact]
    public async Task A_record_that_kafka_will_never_take_is_a_422_and_what_producers_may_send_is_the_settings()
    {
        await using var kafka = await StartKafkaAsync();
        await using var postgres = await PostgresServer.StartOwnAsync();
        await using var api = new ApiServer(new Dictionary<string, string>(Settings(await postgres.CreateDatabaseAsync(), kafka)) { ["Kafka:Producer:message.max.bytes"] = "1000" });
        using var answer = await api.Client.PostAsync("/events", $$$"""
            [{"userId":"u","eventType":"CLICK"}, {"userId":"u","eventType":"CLICK","properties":{"long":"{{{new string('x', 2000)}}}"}}]
            """);
        var items = (await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity)).Items();
        Assert.Null(answer.Headers.RetryAfter);
        Assert.Equal([false, true], items.Select(i => i.GetProperty("isRefused").GetBoolean()));
        Assert.True(items[0].TryGetProperty("offset", out _));
    }

    [Fact]
    public async Task A_partition_that_stands_still_is_told_by_the_api_too()
    {
        await using var kafka = await StartKafkaAsync();
        await using var postgres = await PostgresServer.StartOwnAsync();
        var settings = Settings(await postgres.CreateDatabaseAsync(), kafka);
        await using var api = new ApiServer(settings);
        using var silo = await ShopSilo.StartAsync(settings);
        await Eventually.Async(async () => await (await api.Client.GetAsync("/health/ready")).Content.ReadAsStringAsync(), h => h.Contains("Every partition is read", StringComparison.Ordinal), ShopSystem.Deadline, "every partition is read");

        // As if the topic had been cut short: what was done lies beyond its end.
        var checkpoints = silo.Services.GetRequiredService<IPartitionCheckpoints>();
        var taken = await checkpoints.TakeOverAsync("kafka", "user-events", kafka.Incarnation!, 0);
        Assert.True(await checkpoints.SaveAsync("kafka", "user-events", kafka.Incarnation!, 0, taken.Epoch, 1_000));
        await (await api.Client.PostAsync("/events", """{"userId":"u","eventType":"CLICK"}""")).OkAsync();
        await Eventually.Async(async () => await (await api.Client.GetAsync("/health/ready")).Content.ReadAsStringAsync(),
            h => h.Contains("user-events/0: StoppedAtGap", StringComparison.Ordinal), ShopSystem.Deadline, "the API says that the partition stands still");
        Assert.Equal("degraded", await HealthAsync(api, "partitions"));
        await silo.StopAsync();
    }

    [Fact]
    public async Task Without_its_registry_the_registry_api_is_a_503()
    {
        await using var kafka = await StartKafkaAsync();
        await using var postgres = await PostgresServer.StartOwnAsync();
        await using var api = new ApiServer(new Dictionary<string, string>(Settings(await postgres.CreateDatabaseAsync(), kafka))
        {
            ["SchemaRegistry:Url"] = "http://127.0.0.1:1",
            ["SchemaRegistry:Timeout"] = "00:00:01",
        });
        foreach (var path in new[] { "subjects", "schemas/ids/7", "subjects/user-events-value/versions/latest" })
        {
            using var away = await QuicklyAsync(() => api.Client.GetAsync($"/schema-registry/{path}"));
            await away.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            Assert.NotNull(away.Headers.RetryAfter);
        }
    }

    private static async Task<string> HealthAsync(ApiServer api, string part)
    {
        using var response = await api.Client.GetAsync("/health/ready");
        using var health = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return health.RootElement.GetProperty("parts").EnumerateArray().Single(p => p.GetProperty("part").GetString() == part).GetProperty("status").GetString()!;
    }

    private static async Task<EmulatedKafka> StartKafkaAsync()
    {
        var kafka = EmulatedKafka.Start();
        await ShopTopics.CreateAsync(kafka, 1);
        return kafka;
    }

    private static Dictionary<string, string> Settings(string connectionString, EmulatedKafka kafka) => new(ShopSystem.Describe(connectionString, kafka))
    {
        ["Api:RequestTimeout"] = "00:00:03",
        ["Api:ClusterTimeout"] = "00:00:02",
    };

    private static async Task<HttpResponseMessage> QuicklyAsync(Func<Task<HttpResponseMessage>> call)
    {
        var started = Stopwatch.GetTimestamp();
        var response = await call();
        Assert.True(Stopwatch.GetElapsedTime(started) < Soon, $"the answer took {Stopwatch.GetElapsedTime(started)}");
        return response;
    }
}
