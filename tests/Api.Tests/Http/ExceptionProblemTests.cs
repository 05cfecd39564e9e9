using System.Text.Json;
using EventPlatform.AspNetCore.Http;
using EventStore.Appending;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Api.Tests.Http;

public sealed class ExceptionProblemTests
{
    [Fact]
    public async Task A_change_whose_commit_is_in_doubt_is_to_be_sent_again_under_the_id_that_it_got()
    {
        var context = Context("POST");
        var id = context.Command(null, "deposit", new { amount = 1 }).Value;

        var detail = await DetailAsync(context);
        Assert.Contains("may have happened", detail, StringComparison.Ordinal);
        Assert.EndsWith(id, detail, StringComparison.Ordinal);
        Assert.Contains("may have happened", await DetailAsync(Context("POST")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_can_be_asked_again() => Assert.Contains("Nothing is lost", await DetailAsync(Context("GET")), StringComparison.Ordinal);

    private static DefaultHttpContext Context(string method) => new()
    {
        Request = { Method = method },
        Response = { Body = new MemoryStream() },
        RequestServices = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider(),
    };

    private static async Task<string> DetailAsync(HttpContext context)
    {
        await new ExceptionProblems(NullLogger<ExceptionProblems>.Instance).TryHandleAsync(context, new StoreUnavailableException("the answer was lost"), default);
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, context.Response.StatusCode);
        context.Response.Body.Position = 0;
        return (await JsonSerializer.DeserializeAsync<JsonElement>(context.Response.Body)).Text("detail")!;
    }
}
