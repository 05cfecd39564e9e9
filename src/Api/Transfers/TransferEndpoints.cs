using Api.Accounts;
using Contracts.Accounts;
using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Http;
using EventStore.Aggregates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Api.Transfers;

/// <summary>Money from one account to another: in both statements, or in neither.</summary>
internal static class TransferEndpoints
{
    public static void AddTransfers(this WebApplicationBuilder builder) => builder.Services.AddSingleton<TransferFinder>()
        .AddSingleton(new ReservedKeys(TransferCommands.Prefix, "the ids of transfers' own commands do."));

    public static void MapTransfers(this IEndpointRouteBuilder routes)
    {
        var transfers = routes.MapGroup("/transfers").WithTags("Transfers");
        transfers.MapPost("/", SendAsync).WithSummary("Send money from one account to another")
            .WithDescription("202 when the money has left the first account: its arrival follows by itself. 200 for a repetition, 422 with the reason when it is refused. "
                + "A transfer is known by its `id`; without one, by the `Idempotency-Key`; without either it is a new one.");
        transfers.MapGet("/{id}", GetAsync).WithSummary("What became of a transfer").WithDescription("Ids are unique per sender, so `from` is required.");
    }

    private static async Task<Results<Tagged<TransferView>, ValidationProblem, ProblemHttpResult>> GetAsync(
        string id, string? from, TransferFinder finder, CancellationToken cancellationToken)
    {
        var checks = new Checks();
        checks.Text("from", from);
        if (checks.Problem is { } problem)
            return problem;
        return await finder.FindAsync(id, from!, cancellationToken) is { } transfer ? new Tagged<TransferView>(transfer)
            : Problems.NotFound($"The account '{from}' knows of no transfer '{id}'.");
    }

    private static async Task<IResult> SendAsync(TransferRequest request, HttpContext context, ClusterGrains grains, TimeProvider time, Refusals refusals)
    {
        var checks = new Checks();
        checks.Text("from", request.From);
        checks.Text("to", request.To);
        checks.CheckMoney(request.Amount, request.Currency);
        if (request.Id is not null)
            checks.Text("id", request.Id);
        if (request.From == request.To)
            checks.Add("to", "An account cannot send to itself.");
        var key = context.ReadIdempotencyKey(checks);
        if (checks.Problem is { } problem)
            return problem;

        var command = context.Command(request.Id is null ? key : TransferCommands.Send(request.Id), "transfer", request);
        var id = request.Id ?? key ?? command.Value;
        var movement = new Movement(id, request.Amount, request.Currency, time.GetUtcNow());
        var receipt = await refusals.TellAsync(
            request.From, await grains.Account(request.From).SendTransfer(command, request.To, movement), context.RequestAborted);
        return receipt is { Outcome: ReceiptOutcome.Accepted, Repeated: false }
            ? TypedResults.Accepted($"/transfers/{Uri.EscapeDataString(id)}?from={Uri.EscapeDataString(request.From)}",
                new TransferAnswer(id, receipt.Outcome, receipt.Version, command.Value, false))
            : ReceiptAnswer.Of(receipt, command);
    }
}

/// <summary>A transfer to make.</summary>
/// <param name="Id">The transfer's id: the same one moves money once. The command's id unless given.</param>
/// <param name="From">The account that the money leaves.</param>
/// <param name="To">The account that it goes to.</param>
/// <param name="Amount">More than 0, at most two decimals.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record TransferRequest(string? Id, string From, string To, decimal Amount, string Currency);

/// <summary>A transfer that is under way.</summary>
/// <param name="Id">The transfer's id.</param>
/// <param name="Outcome">Accepted: the money has left the first account.</param>
/// <param name="Version">The first account's version with it.</param>
/// <param name="Command">The command's id.</param>
/// <param name="Repeated">True when the command had been answered before.</param>
public sealed record TransferAnswer(string Id, ReceiptOutcome Outcome, long Version, string Command, bool Repeated);
