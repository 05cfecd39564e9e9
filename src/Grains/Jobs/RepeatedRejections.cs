using StreamJobs;

namespace Grains.Jobs;

/// <summary>Notices an account from which three withdrawals were refused within ten minutes, with no deposit between: someone tries what it holds.</summary>
public sealed class RepeatedRejections : Process<AccountFact, RepeatedRejections.Seen, RepeatedRejections.Alert>
{
    private const int Enough = 3;

    /// <summary>How close together the refusals are.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromMinutes(10);

    /// <summary>The refusals that may become an alert, oldest first.</summary>
    public sealed record Seen(IReadOnlyList<DateTimeOffset> Rejections);

    /// <summary>What is told.</summary>
    /// <param name="rejections">How many refusals.</param>
    /// <param name="first">When the first of them was.</param>
    /// <param name="last">When the last was.</param>
    public sealed record Alert(int rejections, DateTimeOffset first, DateTimeOffset last);

    /// <inheritdoc/>
    public override void OnRecord(AccountFact record, ProcessContext<Seen, Alert> context)
    {
        switch (record.Type)
        {
            case "account-deposited":
                context.State = null;
                break;
            case "account-withdrawal-rejected":
                var seen = (context.State?.Rejections ?? []).Append(record.Timestamp).Order().ToArray();
                DateTimeOffset[] close = [.. seen.Where(at => seen[^1] - at <= Within)];
                if (close.Length >= Enough)
                    context.Emit(new(close.Length, close[0], close[^1]));
                context.State = close.Length >= Enough ? null : new(close); // the next alert needs three more
                break;
        }
    }
}
