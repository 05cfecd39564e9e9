using System.Diagnostics;

namespace Api.Tests.Hosting;

/// <summary>Starts that must not succeed: the program as it is run, and what it says.</summary>
public sealed class StartTests(ShopSystem system)
{
    /// <summary>A fresh process compiles, and asks Postgres about the schema, before it comes to listening: on a busy machine that is half a minute.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    public async Task It_refuses_to_listen_where_others_reach_it_without_authentication(string address)
    {
        var (code, said) = await RunAsync(("ASPNETCORE_URLS", address));
        Assert.Equal(1, code);
        Assert.Contains("it has no authentication", said, StringComparison.Ordinal);
        Assert.Contains("Api:AllowAnonymous=true", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_option_is_named_in_one_start()
    {
        var (code, said) = await RunAsync(("Api__RequestTimeout", "00:00:00"), ("Api__MaxLiveClients", "0"), ("Api__LiveInterval", "01:00:00"), ("EventStore__Schema", "No!"), ("Kafka__Client__foo.bar", "1"));
        Assert.Equal(1, code);
        Assert.All(["Api:RequestTimeout", "Kafka:Client", "foo.bar", "Api:ClusterTimeout", "Api:MaxLiveClients", "Api:LiveInterval", "EventStore:Schema"], name => Assert.Contains(name, said, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", said[said.IndexOf("The API cannot start", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_of_what_writes_records_is_tried_at_the_start_too()
    {
        var (code, said) = await RunAsync(("Kafka__Producer__foo.bar", "1"));
        Assert.Equal(1, code);
        Assert.All(["Kafka:Producer", "foo.bar"], name => Assert.Contains(name, said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_database_it_says_which_setting_is_missing()
    {
        var (code, said) = await RunAsync(("ConnectionStrings__Postgres", ""));
        Assert.Equal((1, true), (code, said.StartsWith("The API cannot start", StringComparison.Ordinal)));
        Assert.Contains("ConnectionStrings__Postgres", said, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Said)> RunAsync(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Api.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var (name, value) in system.Settings)
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Deadline);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await errors + await output);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"The program did not end within {Deadline.TotalSeconds} s. It said: {await errors}{await output}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
