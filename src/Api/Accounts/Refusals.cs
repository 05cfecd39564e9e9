using System.Text.Json;
using EventStore.Aggregates;
using EventStore.Reading;

namespace Api.Accounts;

/// <summary>
/// An account writes a refusal into its history as an event, so that it stands in the statement: the command's receipt is then an
/// acceptance, of a refusal. Whoever sent the command is told of the refusal.
/// </summary>
internal sealed class Refusals(IEventReader reader)
{
    private const string Suffix = "-rejected";

    /// <summary>The receipt, with a refusal told as one.</summary>
    public async Task<Receipt> TellAsync(string accountId, Receipt receipt, CancellationToken cancellationToken)
    {
        if (receipt.Outcome != ReceiptOutcome.Accepted)
            return receipt;
        var events = await reader.ReadStreamAsync($"account/{accountId}", receipt.Version - 1, 1, cancellationToken);
        if (events.Count == 0 || !events[0].TypeName.EndsWith(Suffix, StringComparison.Ordinal))
            return receipt;
        var data = JsonSerializer.Deserialize<JsonElement>(events[0].Data);
        return receipt with { Outcome = ReceiptOutcome.Rejected, Reason = data.GetProperty("reason").GetString() };
    }
}
