using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Cli.Audit;

/// <summary>What must add up over all streams, by plain SQL.</summary>
internal static class StoreMath
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static async IAsyncEnumerable<string> CheckAsync(StoreTables store, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var transfer in await OpenTransfersAsync(store, cancellationToken))
            yield return $"money is not conserved: transfer {transfer}";

        await foreach (var problem in store.ReadAsync(
            $"""
            select stream_id || ': ' || balance from (
                select stream_id, sum(case when type in ('account-deposited', 'account-refunded', 'account-transfer-received', 'account-transfer-returned') then 1
                                           when type in ('account-withdrawn', 'account-payment-made', 'account-transfer-sent') then -1 else 0 end
                                      * (data ->> 'amount')::numeric) as balance
                from {store.Schema}.mt_events where type like 'account-%' group by stream_id) b
            where balance < 0
            """,
            r => r.GetString(0)))
            yield return $"a balance is negative: {problem}";
    }

    // What a transfer takes from one account it gives to another, or back. Those sent before this audit began must arrive while it waits.
    private static async Task<List<string>> OpenTransfersAsync(StoreTables store, CancellationToken cancellationToken)
    {
        long begin = 0;
        await foreach (var sequence in store.ReadAsync($"select coalesce(max(seq_id), 0) from {store.Schema}.mt_events", r => r.GetInt64(0)))
            begin = sequence;
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var open = new List<string>();
            await foreach (var transfer in store.ReadAsync(
                $"""
                select t.id || ': sent ' || t.sent || ', received ' || t.received || ', returned ' || t.returned
                from (select data ->> 'transferId' as id, min(seq_id) as first,
                             coalesce(sum((data ->> 'amount')::numeric) filter (where type = 'account-transfer-sent'), 0) as sent,
                             coalesce(sum((data ->> 'amount')::numeric) filter (where type = 'account-transfer-received'), 0) as received,
                             coalesce(sum((data ->> 'amount')::numeric) filter (where type = 'account-transfer-returned'), 0) as returned
                      from {store.Schema}.mt_events where type in ('account-transfer-sent', 'account-transfer-received', 'account-transfer-returned')
                      group by 1) t
                where t.sent <> t.received + t.returned and t.first <= $1
                """,
                r => r.GetString(0), begin))
                open.Add(transfer);
            if (open.Count == 0 || waited.Elapsed > Patience)
                return open;
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
