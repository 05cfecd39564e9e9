using System.Net;
using System.Text;
using System.Text.Json;
using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace EndToEnd.Tests;

/// <summary><c>./dev dead-letters</c>, over an API that this test plays.</summary>
public sealed class DeadLettersTests
{
    private const string Letter = """
        {"id":1,"status":"open","kind":"invalid","reason":"no key","record":{"topic":"user-events","incarnation":"i","partition":2,"offset":6},
         "decoded":{"name":"Zoë"},"exception":"At first\nand at last"}
        """;

    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_line_says_where_the_record_lies(bool isApiNamed)
    {
        var (said, asked) = await RunAsync($$"""{"items":[{{Letter}}]}""", isApiNamed);
        Assert.Equal("GET /dead-letters ", asked);
        Assert.Contains("user-events/2@6  no key", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_is_shown_with_its_record_what_is_wrong_and_what_it_says()
    {
        var (said, asked) = await RunAsync(Letter, "show", "1");
        Assert.Equal("GET /dead-letters/1 ", asked);
        Assert.Equal(
            """
            record        user-events/2@6, incarnation i
            status        open
            kind          invalid
            reason        no key
            value         {
                            "name": "Zoë"
                          }
            exception     At first
                          and at last

            """, said);
    }

    [Fact]
    public async Task One_is_sent_again_with_the_key_and_the_value_that_it_should_have()
    {
        var (_, asked) = await RunAsync("""{"id":1,"status":"reprocessed"}""", "reprocess", "1", "--key", "user-1", "--value", """{"name":"Zoe"}""");
        Assert.Equal("""POST /dead-letters/1/reprocess {"key":"user-1","value":{"name":"Zoe"}}""", asked);
    }

    [Fact]
    public async Task One_is_sent_again_with_the_bytes_of_a_file()
    {
        var file = Path.Combine(_folder, "payload");
        await File.WriteAllBytesAsync(file, [0, 1, 2], TestContext.Current.CancellationToken);
        var (_, asked) = await RunAsync("""{"id":1,"status":"reprocessed"}""", "reprocess", "1", "--payload-file", file);
        Assert.Equal("""POST /dead-letters/1/reprocess {"payload":"AAEC"}""", asked);
    }

    private Task<(string Said, string Asked)> RunAsync(string answer, params string[] arguments) => RunAsync(answer, isApiNamed: false, arguments);

    private async Task<(string Said, string Asked)> RunAsync(string answer, bool isApiNamed, params string[] arguments)
    {
        var address = $"http://127.0.0.1:{FreePort.Any()}/";
        using var api = new HttpListener { Prefixes = { address } };
        api.Start();
        var answering = AnswerAsync(api, answer);
        if (!isApiNamed)
            await File.WriteAllTextAsync(Path.Combine(_folder, "endpoints.json"), JsonSerializer.Serialize(new { api = address }));
        await using var command = await OwnedProcess.StartAsync(
            "dead-letters", Programs.Command("Cli", ["dead-letters", .. arguments, "--data", _folder, .. isApiNamed ? ["--api", address] : Array.Empty<string>()]), Path.Combine(_folder, "said.log"));
        var exit = await command.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await File.ReadAllTextAsync(command.LogFile, TestContext.Current.CancellationToken);
        Assert.True(exit == 0, said);
        return (said, await answering);
    }

    private static async Task<string> AnswerAsync(HttpListener api, string answer)
    {
        var call = await api.GetContextAsync();
        using var body = new StreamReader(call.Request.InputStream);
        var asked = $"{call.Request.HttpMethod} {call.Request.RawUrl} {await body.ReadToEndAsync()}";
        call.Response.OutputStream.Write(Encoding.UTF8.GetBytes(answer));
        call.Response.Close();
        return asked;
    }
}
