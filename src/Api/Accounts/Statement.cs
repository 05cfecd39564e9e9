using System.Globalization;
using System.Text.Json;
using Contracts.Accounts;
using EventPlatform.AspNetCore.Http;
using EventStore;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Reading;
using Grains.Accounts;

namespace Api.Accounts;

/// <summary>The whole statement of an account: its events, with the balance after each as the aggregate itself computes it.</summary>
internal sealed class Statement(IEventReader reader, EventTypes types)
{
    public async Task<IResult> ReadAsync(string id, PageQuery page, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        var limit = page.ReadLimit(checks);
        var (after, balance) = ReadCursor(page, checks);
        if (checks.Problem is { } problem)
            return problem;

        var events = await reader.ReadStreamAsync($"account/{id}", after, limit + 1, cancellationToken);
        if (events.Count == 0 && after == 0)
            return Problems.NotFound($"There is no account '{id}': no event of it is stored.");

        var state = Account.Initial with { Balance = balance };
        var lines = new List<StatementItem>(limit);
        foreach (var e in events.Take(limit))
        {
            var before = state.Balance;
            state = Account.Apply(state, (IAccountEvent)JsonSerializer.Deserialize(e.Data, types.TypeOf(e.TypeName), EventJson.Options)!);
            lines.Add(Line(e, state.Balance - before, state.Balance));
        }

        var next = events.Count > limit ? Cursors.Of(string.Create(CultureInfo.InvariantCulture, $"{lines[^1].Version} {state.Balance}")) : null;
        return new Tagged<Page<StatementItem>>(new(lines, next));
    }

    /// <summary>A cursor carries the balance at its place, so that a page needs none of those before it.</summary>
    private static (long After, decimal Balance) ReadCursor(PageQuery page, Checks checks)
    {
        if (page.ReadCursor(checks) is not { } text)
            return default;
        if (text.Split(' ') is [var version, var balance]
            && long.TryParse(version, CultureInfo.InvariantCulture, out var after) && decimal.TryParse(balance, CultureInfo.InvariantCulture, out var amount))
            return (after, amount);
        checks.Add("cursor", "It is not a cursor that this list gave.");
        return default;
    }

    private static StatementItem Line(StoredEvent e, decimal amount, decimal balance)
    {
        var data = JsonSerializer.Deserialize<JsonElement>(e.Data);
        return new StatementItem(e.Version, data.GetProperty("at").GetDateTimeOffset(), e.TypeName, Text("transactionId") ?? Text("transferId"),
            amount, balance, Text("currency"), Text("to") ?? Text("from"), Text("reason"), e.Source?.Record);

        string? Text(string name) => data.TryGetProperty(name, out var value) ? value.GetString() : null;
    }
}

/// <summary>A line of a statement.</summary>
/// <param name="Version">The event's number in the account.</param>
/// <param name="At">When it happened.</param>
/// <param name="Type">What happened.</param>
/// <param name="TransactionId">The transaction's or transfer's id.</param>
/// <param name="Amount">What the balance changed by; 0 for a refusal.</param>
/// <param name="Balance">The balance after it.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="Counterparty">The other account of a transfer.</param>
/// <param name="Reason">Why it was refused or returned.</param>
/// <param name="Record">The Kafka record that gave it.</param>
public sealed record StatementItem(
    long Version, DateTimeOffset At, string Type, string? TransactionId, decimal Amount, decimal Balance, string? Currency, string? Counterparty,
    string? Reason, RecordCoordinates? Record);
