using EventStore.Aggregates;

namespace EventPlatform.AspNetCore.Http;

/// <summary>The durable answer to a command.</summary>
/// <param name="Outcome">How it ended: accepted, or ignored because there was nothing to do.</param>
/// <param name="Version">The stream's version after the command.</param>
/// <param name="Command">The command's id: with an Idempotency-Key, that one.</param>
/// <param name="Repeated">True when this command had been answered before, and this is that answer.</param>
/// <param name="Reason">Why nothing was done, or absent.</param>
public sealed record ReceiptAnswer(ReceiptOutcome Outcome, long Version, string Command, bool Repeated, string? Reason)
{
    /// <summary>200 with the receipt, 422 with the aggregate's reason, or 409 when the key was used for something else.</summary>
    internal static IResult Of(Receipt receipt, CommandId command) => receipt.Outcome switch
    {
        ReceiptOutcome.Rejected => Problems.Rejected(receipt.Reason ?? "The command was refused.", new Dictionary<string, object?>
        {
            ["version"] = receipt.Version,
            ["command"] = command.Value,
            ["repeated"] = receipt.Repeated,
        }),
        ReceiptOutcome.Conflict => Problems.Conflict(
            $"The Idempotency-Key '{command.Value}' was used before with other content. Use a new key for a new command. {receipt.Reason}".TrimEnd()),
        _ => TypedResults.Ok(new ReceiptAnswer(receipt.Outcome, receipt.Version, command.Value, receipt.Repeated, receipt.Reason)),
    };
}
