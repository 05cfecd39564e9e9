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
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_line_says_where_the_record_lies(bool isApiNamed)
    {
        var address = $"http://127.0.0.1:{FreePort.Any()}/";
        using var api = new HttpListener { Prefixes = { address } };
        api.Start();
        var answering = AnswerAsync(api);
        var folder = Directory.CreateDirectory(TestFolder.New()).FullName;
        if (!isApiNamed)
            await File.WriteAllTextAsync(Path.Combine(folder, "endpoints.json"), JsonSerializer.Serialize(new { api = address }));

        await using var list = await OwnedProcess.StartAsync("dead-letters", Programs.Command("Cli", ["dead-letters", "--data", folder, .. isApiNamed ? ["--api", address] : Array.Empty<string>()]), Path.Combine(folder, "list.log"));
        Assert.Equal(0, await list.WaitForExitAsync(TestContext.Current.CancellationToken));
        await answering;
        Assert.Contains("user-events/2@6  no key", await File.ReadAllTextAsync(list.LogFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task AnswerAsync(HttpListener api)
    {
        var call = await api.GetContextAsync();
        call.Response.OutputStream.Write(Encoding.UTF8.GetBytes(
            """{"items":[{"id":1,"status":"open","kind":"invalid","reason":"no key","record":{"topic":"user-events","incarnation":"i","partition":2,"offset":6}}]}"""));
        call.Response.Close();
    }
}
