using System.Text.Json;
using Contracts.Accounts;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Projections;
using EventStore.Reading;

namespace Api.Transfers;

/// <summary>Finds what became of a transfer: its first leg by the ids that a command may have had, or in the sender's newest lines; the others by the courier's ids.</summary>
internal sealed class TransferFinder(IEventReader reader, IProjectionReader projections)
{
    private static readonly string[] FirstLegs = [EventTypes.NameOf(typeof(TransferSent)), EventTypes.NameOf(typeof(TransferRejected))];

    /// <summary>The transfer, or null when the sender knows of none.</summary>
    public async Task<TransferView?> FindAsync(string id, string from, CancellationToken cancellationToken)
    {
        // Without an id of its own a transfer has its command's, which may be another command's.
        var sent = await EventAsync(from, TransferCommands.Send(id)) ?? (await EventAsync(from, id) is { } other && FirstLegs.Contains(other.TypeName) ? other : null);
        var (to, reason) = sent is null ? await FromLinesAsync(id, from, cancellationToken) : (Text(sent, "to"), Text(sent, "reason"));
        if (to is null && reason is null)
            return null;
        if (reason is not null)
            return new TransferView(id, from, to, TransferState.Rejected, reason);

        if (await EventAsync(to!, TransferCommands.Receive(from, id)) is not null)
            return new TransferView(id, from, to, TransferState.Delivered, null);
        return await EventAsync(from, TransferCommands.Return(from, id)) is { } returned
            ? new TransferView(id, from, to, TransferState.Returned, Text(returned, "reason"))
            : new TransferView(id, from, to, TransferState.Sent, null);

        async Task<StoredEvent?> EventAsync(string account, string command) =>
            (await reader.FindAsync(EventIds.OfCommand($"account/{account}", command), null, cancellationToken)).Event;
    }

    private async Task<(string? To, string? Reason)> FromLinesAsync(string id, string from, CancellationToken cancellationToken)
    {
        if (await projections.GetAsync("account-balances", from, cancellationToken) is not { } document)
            return default;
        var lines = JsonSerializer.Deserialize<JsonElement>(document.Json).GetProperty("newest").EnumerateArray();
        var line = lines.FirstOrDefault(l => l.GetProperty("id").GetString() == id && l.GetProperty("what").GetString() is "transfer sent" or "transfer rejected");
        if (line.ValueKind == JsonValueKind.Undefined)
            return default;
        var note = line.GetProperty("note").GetString();
        return line.GetProperty("what").GetString() == "transfer sent" ? (note, null) : (null, note);
    }

    private static string? Text(StoredEvent e, string name) =>
        JsonSerializer.Deserialize<JsonElement>(e.Data).TryGetProperty(name, out var value) ? value.GetString() : null;
}

/// <summary>How far a transfer is.</summary>
public enum TransferState
{
    /// <summary>The money has left the first account and is on its way.</summary>
    Sent,

    /// <summary>It has arrived.</summary>
    Delivered,

    /// <summary>The receiver could not take it: it is back.</summary>
    Returned,

    /// <summary>It was refused before any money moved.</summary>
    Rejected,
}

/// <summary>A transfer.</summary>
/// <param name="Id">Its id.</param>
/// <param name="From">The account that the money leaves.</param>
/// <param name="To">The account that it goes to.</param>
/// <param name="State">How far it is.</param>
/// <param name="Reason">Why it was refused or returned.</param>
public sealed record TransferView(string Id, string From, string? To, TransferState State, string? Reason);
