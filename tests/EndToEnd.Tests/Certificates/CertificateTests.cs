using System.Text.Json;
using System.Text.Json.Nodes;
using AppHost.Kafka;
using Testing.Kafka;
using Testing.Postgres;
using Testing.Registry;

namespace EndToEnd.Tests.Certificates;

public sealed class CertificateTests(KafkaBrokers brokers, PostgresServer postgres, RegistryServer registry)
{
    [Theory, BrokerData]
    public async Task A_certificate_counts_every_record_and_is_confirmed_by_the_store_alone(BrokerKind kind)
    {
        await using var shop = await CertifiedShop.RunAsync(await brokers.StartOwnAsync(kind), postgres);
        var certificate = JsonDocument.Parse(await File.ReadAllTextAsync(shop.Certificate, TestContext.Current.CancellationToken)).RootElement;

        var totals = certificate.GetProperty("totals");
        Assert.Equal(Number(shop.Sent, "acknowledged"), Number(totals, "read"));
        Assert.Equal(Number(shop.Sent, "duplicates"), Number(totals, "duplicate"));
        Assert.Equal(Number(shop.Sent, "poison"), Number(totals, "dead_lettered"));
        Assert.Equal(Number(totals, "read"), Number(totals, "stored") + Number(totals, "duplicate") + Number(totals, "no_event") + Number(totals, "dead_lettered"));
        Assert.All(certificate.GetProperty("partitions").EnumerateArray(), p => Assert.Equal(Text(p, "kafka"), Text(p, "store")));
        Assert.True(Number(certificate.GetProperty("store"), "command_events") >= 5);
        Assert.Equal(["account-balances", "purchases-by-day", "recent-activity", "user-profiles"],
            certificate.GetProperty("projections").EnumerateArray().Select(p => Text(p, "name")).Order());

        var audit = shop.Audits.GetProperty("items")[0];
        Assert.Equal(("holds", "certify"), (Text(audit, "state"), Text(audit, "kind")));
        Assert.True(Number(audit, "done") >= Number(totals, "read"));

        var (exit, output) = await shop.VerifyAsync();
        Assert.True(exit == 0, output);
    }

    [RegistryFact]
    public async Task The_schemas_of_a_registry_are_those_that_the_named_api_reads_or_of_the_named_registry()
    {
        var url = await registry.GetUrlAsync();
        await using var shop = await CertifiedShop.RunAsync(await brokers.StartOwnAsync(BrokerKind.Emulator), postgres, url);
        var (exit, output) = await shop.PlainAuditAsync(null, "--registry", url.ToString());
        Assert.True(exit == 0, output);
    }

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}

/// <summary>What a certificate finds. The changes are made on copies of one shop's database.</summary>
public sealed class TamperingTests(TamperingTests.Shop shop) : IClassFixture<TamperingTests.Shop>
{
    private const string AnyEvent = "(select seq_id from streaming.mt_events where type = 'user-page-viewed' order by seq_id offset 100 limit 1)";

    [Theory]
    [InlineData("at least one was altered", $"update streaming.mt_events set data = jsonb_set(data, '{{page}}', '\"/forged\"') where seq_id = {AnyEvent}")]
    [InlineData("at least one was altered", $"update streaming.mt_events set timestamp = timestamp + interval '1 second' where seq_id = {AnyEvent}")]
    [InlineData("at least one was altered", $"update streaming.mt_events set headers = jsonb_set(headers, '{{digest}}', '\"00\"') where seq_id = {AnyEvent}")]
    [InlineData("at least one was altered", "update streaming.mt_events set data = jsonb_set(data, '{amount}', '1000000') where headers ->> 'command' is not null and seq_id = (select max(seq_id) from streaming.mt_events where headers ->> 'command' is not null)")]
    [InlineData("now there are", $"delete from streaming.mt_events where seq_id = {AnyEvent}")]
    [InlineData("the offsets", $"delete from streaming.mt_events where seq_id = {AnyEvent}")]
    [InlineData("and its row says version", $"delete from streaming.mt_events where seq_id = (select e.seq_id from streaming.mt_events e join streaming.mt_streams s on s.id = e.stream_id and s.version > e.version limit 1)")]
    [InlineData("was caused by no record and no command", """
        insert into streaming.mt_events (seq_id, id, stream_id, version, type, data, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        select nextval('streaming.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, type, data, now(), tenant_id, mt_dotnet_type, null, false
        from streaming.mt_events order by seq_id desc limit 1
        """)]
    [InlineData("does not have the id of its command", """
        insert into streaming.mt_events (seq_id, id, stream_id, version, type, data, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        select nextval('streaming.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, type, data, now(), tenant_id, mt_dotnet_type, '{"command": "mine", "digest": "00"}', false
        from streaming.mt_events order by seq_id desc limit 1
        """)]
    [InlineData("that its stream has not read", """
        insert into streaming.mt_events (seq_id, id, stream_id, version, type, data, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        select nextval('streaming.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, type, data, now(), tenant_id, mt_dotnet_type, jsonb_set(headers, '{offset}', '1000000'), false
        from streaming.mt_events where headers ->> 'topic' = 'user-events' order by seq_id desc limit 1
        """)]
    [InlineData("have other traces now", """
        insert into streaming.mt_events (seq_id, id, stream_id, version, type, data, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        select nextval('streaming.mt_events_sequence'), gen_random_uuid(), stream_id, version + 1, type, data, now(), tenant_id, mt_dotnet_type, headers, false
        from streaming.mt_events where headers ->> 'topic' = 'user-events' order by seq_id desc limit 1
        """)]
    [InlineData("the ledger was changed", "update streaming.ledger set reason = 'none of your business' where id = (select max(id) from streaming.ledger)")]
    [InlineData("the ledger was changed", "delete from streaming.ledger where id = (select min(id) from streaming.ledger)")]
    [InlineData("have other traces now", "delete from streaming.dead_letters where id = (select min(id) from streaming.dead_letters)")]
    [InlineData("have the traces of other records now", "update streaming.dead_letters set event_id = 'another' where id = (select min(id) from streaming.dead_letters where event_id is not null)")]
    public async Task What_was_changed_by_hand_is_found(string finding, string change)
    {
        var (exit, output) = await shop.Certified.VerifyAsync(await shop.Certified.TamperedAsync(change));
        Assert.True(exit == 1, output);
        Assert.Contains(finding, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("delete from streaming.ledger where id = (select min(id) from streaming.ledger where outcome = 3)", "are no sum of")]
    [InlineData("delete from streaming.dead_letters where id = (select min(id) from streaming.dead_letters)", "are no sum of")]
    [InlineData($$"""
        update streaming.mt_events set id = gen_random_uuid() where seq_id = {{AnyEvent}};
        update streaming.projection_user_profiles set doc = jsonb_set(doc, '{events}', '1000000') where key = (select min(key) from streaming.projection_user_profiles);
        delete from streaming.projection_account_balances where key = (select min(key) from streaming.projection_account_balances)
        """, "the traces are not those of the records", "projection user-profiles", "projection account-balances")]
    public async Task A_store_that_is_not_what_Kafka_gave_gets_no_certificate_that_holds(string change, params string[] findings)
    {
        var (exit, output) = await shop.Certified.CertifyAsync(await shop.Certified.TamperedAsync(change));
        Assert.True(exit == 1, output);
        Assert.All(findings, finding => Assert.Contains(finding, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_came_later_by_the_ordinary_way_does_not_matter()
    {
        // A dead letter that was dealt with, and a snapshot: changes that the system itself makes.
        var (exit, output) = await shop.Certified.VerifyAsync(await shop.Certified.TamperedAsync("update streaming.dead_letters set status = 3, changed_at = now()"));
        Assert.True(exit == 0, output);
    }

    [Fact]
    public async Task A_changed_certificate_is_found()
    {
        var json = JsonNode.Parse(await File.ReadAllTextAsync(shop.Certified.Certificate, TestContext.Current.CancellationToken))!;
        json["totals"]!["read"] = 1;
        var forged = shop.Certified.Certificate + ".forged";
        await File.WriteAllTextAsync(forged, json.ToJsonString(), TestContext.Current.CancellationToken);
        var (exit, output) = await shop.Certified.VerifyAsync(certificate: forged);
        Assert.True(exit == 1, output);
        Assert.Contains("its seal does not fit", output, StringComparison.Ordinal);
    }

    public sealed class Shop(PostgresServer postgres) : IAsyncLifetime
    {
        private CertifiedShop? _shop;

        internal CertifiedShop Certified => _shop!;

        public async ValueTask InitializeAsync() => _shop = await CertifiedShop.RunAsync(EmulatedKafka.Start(), postgres);

        public ValueTask DisposeAsync() => _shop?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
