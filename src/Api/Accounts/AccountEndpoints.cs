using Contracts.Accounts;
using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Events;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Projections;
using EventPlatform.AspNetCore.Topics;
using EventStore.Aggregates;
using EventStore.Projections;
using EventStore.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Api.Accounts;

/// <summary>Accounts: lists and statements come from documents, one account from its grain.</summary>
internal static class AccountEndpoints
{
    private const string Aggregate = "account";

    public static void AddAccounts(this WebApplicationBuilder builder) => builder.Services.AddSingleton<Refusals>().AddSingleton<Statement>();

    public static void MapAccounts(this IEndpointRouteBuilder routes)
    {
        var accounts = routes.MapGroup("/accounts").WithTags("Accounts");
        accounts.MapGet("/", ListAsync).WithSummary("Accounts, by id or by balance (order=balance)");
        accounts.MapGet("/{id}/statement", (string id, [AsParameters] PageQuery page, Statement statement, CancellationToken cancellationToken) =>
            statement.ReadAsync(id, page, cancellationToken)).WithSummary("An account's statement, oldest line first, with the balance after each")
            .Produces<Page<StatementItem>>();
        accounts.MapGet("/{id}", GetAsync).WithSummary("One account, as of the newest committed event")
            .WithDescription("Asks the account's grain. `positions` says how far it has read each partition; the ETag changes with the answer." + Inclusion.Text)
            .Produces<AccountView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status504GatewayTimeout);
        accounts.MapGet("/{id}/events", EventsAsync).WithSummary("An account's events, oldest first, each with where it came from");
        accounts.MapPost("/{id}/deposits", DepositAsync).WithSummary("Put money in")
            .WithDescription("With an `Idempotency-Key` a repetition has one effect and gets the first answer.");
        accounts.MapPost("/{id}/withdrawals", WithdrawAsync).WithSummary("Take money out")
            .WithDescription("422 when the balance does not cover it. With an `Idempotency-Key` a repetition has one effect and gets the first answer.");
    }

    private static Task<IResult> ListAsync(
        [AsParameters] PageQuery page, [AsParameters] DocumentsQuery query, IProjectionReader reader, CancellationToken cancellationToken) =>
        DocumentList.ReadAsync(reader, "account-balances", page, query, without: ["newest"], cancellationToken);

    private static async Task<IResult> GetAsync(string id, [AsParameters] Inclusion inclusion, ClusterGrains grains, TopicIncarnations incarnations, IOptions<ApiOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var (account, problem) = await inclusion.ReadAsync(() => grains.Account(id).Get(), (record, atMost) => grains.Account(id).GetIncluding(record, atMost), a => a.Positions, incarnations, options.Value, time, cancellationToken);
        return problem ?? (account is null ? Problems.NotFound($"There is no account '{id}': no event of it is stored.") : new Tagged<AccountView>(account));
    }

    private static Task<Results<Tagged<Page<EventItem>>, ValidationProblem, ProblemHttpResult>> EventsAsync(
        string id, [AsParameters] PageQuery page, [AsParameters] StreamQuery query, IEventReader reader, CancellationToken cancellationToken) =>
        StreamEvents.ReadAsync(reader, Aggregate, id, page, query, cancellationToken);

    private static Task<IResult> DepositAsync(string id, MovementRequest request, HttpContext context, ClusterGrains grains, TimeProvider time, Refusals refusals) =>
        MoveAsync("deposit", id, request, context, time, refusals, (command, movement) => grains.Account(id).Deposit(command, movement));

    private static Task<IResult> WithdrawAsync(string id, MovementRequest request, HttpContext context, ClusterGrains grains, TimeProvider time, Refusals refusals) =>
        MoveAsync("withdrawal", id, request, context, time, refusals, (command, movement) => grains.Account(id).Withdraw(command, movement));

    private static async Task<IResult> MoveAsync(
        string what, string id, MovementRequest request, HttpContext context, TimeProvider time, Refusals refusals,
        Func<CommandId, Movement, Task<Receipt>> move)
    {
        var checks = new Checks();
        checks.Text("id", id);
        checks.CheckMoney(request.Amount, request.Currency);
        if (request.TransactionId is not null)
            checks.Text("transactionId", request.TransactionId);
        var key = context.ReadIdempotencyKey(checks);
        if (checks.Problem is { } problem)
            return problem;

        var command = context.Command(key, $"{what} on {id}", request);
        var movement = new Movement(request.TransactionId ?? command.Value, request.Amount, request.Currency, time.GetUtcNow());
        return ReceiptAnswer.Of(await refusals.TellAsync(id, await move(command, movement), context.RequestAborted), command);
    }
}

/// <summary>Money to put in or take out.</summary>
/// <param name="Amount">More than 0, at most two decimals.</param>
/// <param name="Currency">ISO 4217. An account has the currency of its first movement.</param>
/// <param name="TransactionId">The transaction's id; the command's id unless given.</param>
public sealed record MovementRequest(decimal Amount, string Currency, string? TransactionId);
