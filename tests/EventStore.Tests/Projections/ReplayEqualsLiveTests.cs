using CsCheck;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Hosting;
using EventStore.Projections;
using EventStore.Reading;
using Npgsql;
using static EventStore.Tests.Appends;

namespace EventStore.Tests.Projections;

/// <summary>Promise P6: whatever happens on the way, live, rebuilt and folded by a few lines of test code, the documents are the same.</summary>
public sealed class ReplayEqualsLiveTests(PostgresServer postgres)
{
    private sealed record Step(int Stream, int[] Values, string? Name, Disturbance Disturbance);

    private enum Disturbance
    {
        None,
        Stop,
        KillConnections,
        SecondRunner,
        SecondRunnerAndKill,
    }

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 3], Gen.Int[0, 30].Array[0, 4], Gen.String["abcde"].Null(), Gen.Enum<Disturbance>(),
        (stream, values, name, disturbance) => new Step(stream, values, name is { Length: > 0 } ? name : null, disturbance));

    [Fact]
    public Task Random_histories_with_crashes_between_pages_and_in_transactions() => Steps.Array[5, 25].SampleAsync(
        CheckAsync, iter: 6, threads: 1, writeLine: TestContext.Current.TestOutputHelper!.WriteLine);

    private async Task CheckAsync(Step[] steps)
    {
        await using var world = await ProjectionWorld.FreshAsync(
            postgres, s => s.AddProjection<Totals>().AddProjection<PerStream>(), o => o.PageSize = 3);
        await using var second = await world.UpgradeAsync(s => s.AddProjection<Totals>().AddProjection<PerStream>());
        await world.RunAsync("totals");
        await world.RunAsync("per-stream");
        foreach (var step in steps)
        {
            EventToAppend[] events = [.. step.Values.Select(v => Counted(v, $"t{v}")), .. step.Name is { } name ? [Renamed(name)] : Array.Empty<EventToAppend>()];
            if (events.Length > 0)
                await world.AppendAsync($"number/{step.Stream}", events);
            await DisturbAsync(world, second, step.Disturbance);
        }

        foreach (var name in (string[])["totals", "per-stream"])
        {
            await world.CaughtUpAsync(name);
            var live = await world.DumpAsync(name);
            Assert.Equal(await FoldAsync(world, name), live);

            var replay = await world.Replays.StartAsync(new ReplayRequest(name), "test");
            await world.RunAsync(name);
            await DisturbAsync(world, second, steps[0].Disturbance);
            await ProjectionWorld.UntilAsync("the rebuild to end", async () =>
            {
                await world.RunAsync(name);
                return (await world.Replays.GetAsync(replay.Id))!.State == ReplayState.Completed;
            });
            Assert.Equal(live, await world.DumpAsync(name));
        }
    }

    private static async Task DisturbAsync(ProjectionWorld world, ProjectionWorld second, Disturbance disturbance)
    {
        if (disturbance is Disturbance.Stop)
        {
            await world.EndAsync("totals");
            await world.EndAsync("per-stream");
        }

        if (disturbance is Disturbance.SecondRunner or Disturbance.SecondRunnerAndKill)
            await second.RunAsync("totals");
        if (disturbance is Disturbance.KillConnections or Disturbance.SecondRunnerAndKill)
        {
            // From outside, as a crash of the server would: in the middle of whatever runs.
            await using var connection = new NpgsqlConnection(world.Store.ConnectionString + ";Pooling=false");
            await connection.OpenAsync();
            await using var kill = new NpgsqlCommand(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and query like '%advance_projection%' and pid <> pg_backend_pid()", connection);
            await kill.ExecuteScalarAsync();
            foreach (var store in (TestStore[])[world.Store, second.Store])
                store.Get<StoreDataSources>().Store.Clear(); // what dies is the runners' work, not what this test asks next
        }

        if (disturbance is Disturbance.Stop)
        {
            await world.RunAsync("totals");
            await world.RunAsync("per-stream");
        }
    }

    /// <summary>Reads everything back and folds it with a dictionary.</summary>
    private static async Task<string> FoldAsync(ProjectionWorld world, string name)
    {
        var events = await world.Store.Get<IEventReader>().ReadAllAsync(0, int.MaxValue);
        var serializer = new JsonEventSerializer();
        var documents = new SortedDictionary<string, (Total Document, long Sequence)>(StringComparer.Ordinal);
        foreach (var stored in events)
        {
            if (stored.TypeName == "counted")
            {
                var e = (Counted)serializer.Deserialize(stored.StreamKey, stored.Data, typeof(Counted));
                var key = name == "totals" ? $"{e.Value % 5}" : stored.StreamKey["number/".Length..];
                var doc = documents.TryGetValue(key, out var found) ? found.Document : Total.Initial;
                documents[key] = (new Total(doc.Count + 1, doc.Sum + e.Value, name == "totals" ? e.Text : null), stored.Sequence);
            }
            else if (name == "totals")
            {
                var e = (Renamed)serializer.Deserialize(stored.StreamKey, stored.Data, typeof(Renamed));
                foreach (var key in e.Name.Select(c => c % 5).Distinct())
                {
                    if (e.Name.Length == key)
                        documents.Remove($"{key}");
                    else
                        documents[$"{key}"] = ((documents.TryGetValue($"{key}", out var found) ? found.Document : Total.Initial) with { Last = e.Name }, stored.Sequence);
                }
            }
        }

        // Postgres writes the same jsonb in the same way, whoever sent it.
        var json = System.Text.Json.JsonSerializer.Serialize(documents.Select(d => new object[] { d.Key, d.Value.Document, d.Value.Sequence }), EventJson.Options);
        await using var connection = new NpgsqlConnection(world.Store.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select $1::jsonb::text", connection) { Parameters = { new() { Value = json } } };
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
