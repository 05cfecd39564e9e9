using System.Net;
using AppHost.Processes;
using EndToEnd.Tests.Certificates;
using Testing;

namespace EndToEnd.Tests;

/// <summary>What <c>./dev audit</c> finds: in copies of one shop's database, a row of each table is deleted, altered or inserted by hand.</summary>
public sealed class AuditTests(TamperingTests.Shop shop) : IClassFixture<TamperingTests.Shop>
{
    private const string AnyEvent = "(select seq_id from streaming.mt_events where type = 'user-page-viewed' order by seq_id offset 100 limit 1)";
    private const string LastEvent = "(select e.seq_id from streaming.mt_events e join streaming.mt_streams s on s.id = e.stream_id and s.version = e.version where e.type = 'user-page-viewed' limit 1)";

    [Fact]
    public async Task A_store_that_no_one_touched_is_well()
    {
        var (exit, output) = await shop.Certified.PlainAuditAsync(null);
        Assert.True(exit == 0, output);
        Assert.DoesNotContain(" 0 documents", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mended_record_that_gave_no_event_when_it_was_sent_again_is_well()
    {
        var (exit, output) = await shop.Certified.PlainAuditAsync(await shop.Certified.TamperedAsync(["""
            with mended as (
                update streaming.dead_letters set status = 2 where id = (select min(id) from streaming.dead_letters where consumer not like 'job/%') returning *)
            insert into streaming.ledger (event_id, stream_key, outcome, source)
            select gen_random_uuid(), 'user/mended', 1, jsonb_build_object('topic', topic, 'incarnation', incarnation, 'partition', partition, 'offset', record_offset, 'digest', 'mended', 'reprocessed', true)
            from mended
            """]));
        Assert.True(exit == 0, output);
    }

    [Fact]
    public Task Rows_that_were_deleted_are_found() => FindsAsync(
        ($"delete from streaming.mt_events where seq_id = {AnyEvent}", "has left no trace"),
        ($"with gone as (delete from streaming.mt_events where seq_id = {LastEvent} returning stream_id) update streaming.mt_streams set version = version - 1 where id in (select stream_id from gone)", "has left no trace"),
        ("delete from streaming.ledger where id = (select min(id) from streaming.ledger where outcome = 3)", "has left no trace"),
        ("delete from streaming.dead_letters where id = (select min(id) from streaming.dead_letters)", "has left no trace"),
        ("delete from streaming.mt_streams where id = (select id from streaming.mt_streams where id like 'user/%' order by version, id limit 1)", "has left no trace"),
        ("delete from streaming.positions where stream_key = (select min(stream_key) from streaming.positions)", "has no position"));

    [Fact]
    public Task Rows_that_were_altered_are_found() => FindsAsync(
        ($"update streaming.mt_events set data = jsonb_set(data, '{{page}}', '\"/forged\"') where seq_id = {AnyEvent}", "but the record gives"),
        ($"update streaming.mt_events set id = gen_random_uuid() where seq_id = {LastEvent}", "is not that of offset"),
        ("update streaming.ledger set stream_key = 'user/other' where id = (select min(id) from streaming.ledger where outcome = 3)", "is not that of its record"),
        ("update streaming.dead_letters set payload = '\\x0001' where id = (select min(id) from streaming.dead_letters)", "does not have its record's payload"),
        ("update streaming.mt_streams set version = version + 1 where id = (select min(id) from streaming.mt_streams)", "but the stream's row says"),
        ("update streaming.positions set record_offset = record_offset - 1 where stream_key = (select min(stream_key) from streaming.positions where record_offset > 0)", "but its newest record is"));

    [Fact]
    public Task Rows_that_were_inserted_are_found() => FindsAsync(
        ($"""
        with copied as (
            insert into streaming.mt_events (seq_id, id, stream_id, version, type, data, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
            select nextval('streaming.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, type, data, timestamp, tenant_id, mt_dotnet_type, headers, false
            from streaming.mt_events where seq_id = {LastEvent} returning stream_id)
        update streaming.mt_streams set version = version + 1 where id in (select stream_id from copied)
        """, "has left 2 traces"),
        ($"""
        insert into streaming.mt_events (seq_id, id, stream_id, version, type, data, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        select nextval('streaming.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, type, data, timestamp, tenant_id, mt_dotnet_type, null, false
        from streaming.mt_events where seq_id = {LastEvent}
        """, "was caused by no record and no command"),
        ("insert into streaming.mt_streams (id, type, version, tenant_id) values ('user/ghost', 'user', 1, '*DEFAULT*')", "0 events, the last of version 0"),
        ("insert into streaming.ledger (event_id, stream_key, outcome, source) select event_id, stream_key, 3, jsonb_set(source, '{offset}', '1000000') from streaming.ledger where topic is not null limit 1", "offset 1000000, where no record lies"),
        ("insert into streaming.dead_letters (topic, incarnation, partition, record_offset, consumer, kind, reason, record_timestamp) select topic, incarnation, 99, 0, consumer, kind, reason, record_timestamp from streaming.dead_letters limit 1", "/99 offset 0, where no record lies"),
        ("insert into streaming.dead_letters (topic, incarnation, partition, record_offset, consumer, kind, reason, record_timestamp) select 'other', incarnation, 0, 0, consumer, kind, reason, record_timestamp from streaming.dead_letters limit 1", "a topic that nothing reads"),
        ("insert into streaming.positions select 'user/ghost', topic, incarnation, partition, record_offset from streaming.positions where topic = 'user-events' limit 1", "but it has no record there"));

    [Fact]
    public Task Documents_that_were_deleted_altered_or_inserted_are_found() => FindsAsync(
    [
        .. from p in new[] { ("user-profiles", "events"), ("purchases-by-day", "count"), ("recent-activity", "slice"), ("account-balances", "balance") }
           let table = $"streaming.projection_{p.Item1.Replace('-', '_')}"
           from change in new[]
           {
               ($"delete from {table} where key = (select min(key) from {table})", ": nothing is stored, but the events give {"),
               ($"update {table} set doc = jsonb_set(doc, '{{{p.Item2}}}', '123456') where key = (select max(key) from {table})", ": {"),
               ($"insert into {table} select 'zz-ghost', doc, sequence from {table} limit 1", "'zz-ghost': {"),
           }
           select (change.Item1, $"projection {p.Item1}, document '|{change.Item2}"),
    ]);

    [Fact]
    public async Task Of_another_system_nothing_is_compared_with_the_one_that_runs_here()
    {
        var data = Directory.CreateDirectory(TestFolder.New()).FullName;
        var address = $"http://127.0.0.1:{FreePort.Any()}"; // nobody answers there
        await File.WriteAllTextAsync(Path.Combine(data, "endpoints.json"), $$"""{"kafka":"127.0.0.1:1","postgres":"Host=nowhere","api":"{{address}}","schema_registry_url":"{{address}}"}""",
            TestContext.Current.CancellationToken);
        var (exit, output) = await shop.Certified.PlainAuditAsync(null, "--data", data);
        Assert.True(exit == 0, output);
        Assert.Matches("^Kafka 127.0.0.1:[0-9]+ compared with Postgres 127.0.0.1:[0-9]+, database [^ ]+, and with no API\n", output);
    }

    [Fact]
    public async Task An_API_that_fails_leaves_its_answers_unread_and_hides_no_difference()
    {
        var address = $"http://127.0.0.1:{FreePort.Any()}/";
        using var api = new HttpListener { Prefixes = { address } };
        api.Start();
        var answering = Task.Run(async () =>
        {
            for (var number = 0; ; number++)
            {
                var call = await api.GetContextAsync();
                call.Response.StatusCode = number % 2 == 0 ? 503 : 200; // the latter with nothing in it
                call.Response.Close();
            }
        }, TestContext.Current.CancellationToken);

        var (exit, output) = await shop.Certified.PlainAuditAsync(null, "--api", address);
        Assert.True(exit == 2, output);
        Assert.All(["all   ", $"of {address} answers 503", "answers something that is not JSON", "is not asked for the other", "not all could be"], part => Assert.Contains(part, output, StringComparison.Ordinal));

        (exit, output) = await shop.Certified.PlainAuditAsync(await shop.Certified.TamperedAsync($"delete from streaming.mt_events where seq_id = {AnyEvent}"), "--api", address);
        Assert.True(exit == 1, output);
        Assert.All([$"of {address} ", "has left no trace"], part => Assert.Contains(part, output, StringComparison.Ordinal));
        Assert.False(answering.IsCompleted);
    }

    // All at once: an audit reads everything anyway. A finding holds parts, divided by '|', that a line has; as many lines as are asked for.
    private async Task FindsAsync(params (string Change, string Finding)[] changes)
    {
        var (exit, output) = await shop.Certified.PlainAuditAsync(await shop.Certified.TamperedAsync([.. changes.Select(c => c.Change)]));
        Assert.True(exit == 1, output);
        var lines = output.Split('\n');
        Assert.All(changes.GroupBy(c => c.Finding), finding => Assert.True(
            lines.Count(line => finding.Key.Split('|').All(part => line.Contains(part, StringComparison.Ordinal))) >= finding.Count(),
            $"'{finding.Key}' was found less than {finding.Count()} times:\n{output}"));
    }
}
