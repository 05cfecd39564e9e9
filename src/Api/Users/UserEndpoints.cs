using Contracts.Users;
using EventPlatform.AspNetCore.Cluster;
using EventPlatform.AspNetCore.Events;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using EventPlatform.AspNetCore.Projections;
using EventPlatform.AspNetCore.Topics;
using EventStore.Projections;
using EventStore.Reading;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Api.Users;

/// <summary>Users: lists come from documents, one user from its grain.</summary>
internal static class UserEndpoints
{
    private const string Aggregate = "user";

    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/users").WithTags("Users");
        users.MapGet("/", ListAsync).WithSummary("Users, by id or by how active they have been (order=events)");
        users.MapGet("/{id}", GetAsync).WithSummary("One user, as of the newest committed event")
            .WithDescription("Asks the user's grain. `positions` says how far it has read each partition; the ETag changes with the answer." + Inclusion.Text)
            .Produces<UserView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status504GatewayTimeout);
        users.MapGet("/{id}/events", EventsAsync).WithSummary("A user's events, oldest first, each with where it came from");
        users.MapPut("/{id}/profile", ChangeProfileAsync).WithSummary("Change a user's name or email")
            .WithDescription("With an `Idempotency-Key` a repetition has one effect and gets the first answer.");
    }

    private static Task<IResult> ListAsync(
        [AsParameters] PageQuery page, [AsParameters] DocumentsQuery query, IProjectionReader reader, CancellationToken cancellationToken) =>
        DocumentList.ReadAsync(reader, "user-profiles", page, query, without: [], cancellationToken);

    private static async Task<IResult> GetAsync(string id, [AsParameters] Inclusion inclusion, ClusterGrains grains, TopicIncarnations incarnations, IOptions<ApiOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var (user, problem) = await inclusion.ReadAsync(() => grains.User(id).Get(), (record, atMost) => grains.User(id).GetIncluding(record, atMost), u => u.Positions, incarnations, options.Value, time, cancellationToken);
        return problem ?? (user is null ? Problems.NotFound($"There is no user '{id}': no event of it is stored.") : new Tagged<UserView>(user));
    }

    private static Task<Results<Tagged<Page<EventItem>>, ValidationProblem, ProblemHttpResult>> EventsAsync(
        string id, [AsParameters] PageQuery page, [AsParameters] StreamQuery query, IEventReader reader, CancellationToken cancellationToken) =>
        StreamEvents.ReadAsync(reader, Aggregate, id, page, query, cancellationToken);

    private static async Task<IResult> ChangeProfileAsync(
        string id, ProfileChange change, HttpContext context, ClusterGrains grains, TimeProvider time)
    {
        var checks = new Checks();
        checks.Text("id", id);
        if (change.Name is null && change.Email is null)
            checks.Add("name", "Give a name, an email, or both.");
        if (change.Name is not null)
            checks.Text("name", change.Name);
        if (change.Email is not null && !checks.Text("email", change.Email).Contains('@', StringComparison.Ordinal))
            checks.Add("email", "It is not an email address.");
        var key = context.ReadIdempotencyKey(checks);
        if (checks.Problem is { } problem)
            return problem;

        var command = context.Command(key, $"profile of {id}", change);
        return ReceiptAnswer.Of(await grains.User(id).ChangeProfile(command, change.Name, change.Email, time.GetUtcNow()), command);
    }
}

/// <summary>What to change; what is absent stays as it is.</summary>
/// <param name="Name">The new name.</param>
/// <param name="Email">The new email address.</param>
public sealed record ProfileChange(string? Name, string? Email);
