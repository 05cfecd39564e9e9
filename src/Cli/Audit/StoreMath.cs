namespace Cli.Audit;

/// <summary>What must add up over all streams, by plain SQL.</summary>
internal static class StoreMath
{
    private const string Schema = "streaming";

    public static async IAsyncEnumerable<string> CheckAsync(StoreTables store)
    {
        // What a transfer takes from one account it gives to another, or back: nothing may be left on its way, nothing may appear.
        await foreach (var problem in store.ReadAsync(
            $"""
            select t.id || ': sent ' || t.sent || ', received ' || t.received || ', returned ' || t.returned
            from (select data ->> 'transferId' as id,
                         coalesce(sum((data ->> 'amount')::numeric) filter (where type = 'account-transfer-sent'), 0) as sent,
                         coalesce(sum((data ->> 'amount')::numeric) filter (where type = 'account-transfer-received'), 0) as received,
                         coalesce(sum((data ->> 'amount')::numeric) filter (where type = 'account-transfer-returned'), 0) as returned
                  from {Schema}.mt_events where type in ('account-transfer-sent', 'account-transfer-received', 'account-transfer-returned')
                  group by 1) t
            where t.sent <> t.received + t.returned
            """,
            r => r.GetString(0)))
            yield return $"money is not conserved: transfer {problem}";

        await foreach (var problem in store.ReadAsync(
            $"""
            select stream_id || ': ' || balance from (
                select stream_id, sum(case when type in ('account-deposited', 'account-refunded', 'account-transfer-received', 'account-transfer-returned') then 1
                                           when type in ('account-withdrawn', 'account-payment-made', 'account-transfer-sent') then -1 else 0 end
                                      * (data ->> 'amount')::numeric) as balance
                from {Schema}.mt_events where type like 'account-%' group by stream_id) b
            where balance < 0
            """,
            r => r.GetString(0)))
            yield return $"a balance is negative: {problem}";
    }
}
