using System.Diagnostics;
using System.Text.Json;

namespace Latency;

/// <summary>What is asked for.</summary>
internal sealed record Settings(string Data, int Rate, int Seconds, int Skip, int Users, int Samples, int Warmup, bool Json);

/// <summary>Load, samples and lag side by side, then the report.</summary>
internal static class Run
{
    public static async Task<int> ExecuteAsync(Settings settings, CancellationToken cancellationToken)
    {
        var file = Path.Combine(settings.Data, "endpoints.json");
        if (!File.Exists(file))
        {
            Console.Error.WriteLine($"Nothing runs: {file} is not there. Start the system with ./dev up --no-demo.");
            return 2;
        }

        using var endpoints = JsonDocument.Parse(await File.ReadAllTextAsync(file, cancellationToken));
        var (api, kafka) = (endpoints.RootElement.GetProperty("api").GetString()!, endpoints.RootElement.GetProperty("kafka").GetString()!);
        if (settings.Warmup > 0)
        {
            Console.Error.WriteLine($"Warming up: {settings.Warmup} s at {settings.Rate / 3}/s.");
            await LoadAsync(settings, settings.Rate / 3, settings.Warmup, cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(5), cancellationToken);
        }

        Console.Error.WriteLine($"Measuring: {settings.Seconds} s at {settings.Rate}/s, the first {settings.Skip} s don't count.");
        using var sampler = await Sampler.StartAsync(settings, api, kafka);
        using var lag = new LagWatch(api);
        var begun = Stopwatch.StartNew();
        var load = LoadAsync(settings, settings.Rate, settings.Seconds, cancellationToken);
        var sampling = sampler.RunAsync(begun, cancellationToken);
        var watching = lag.RunAsync(begun, TimeSpan.FromSeconds(settings.Seconds), cancellationToken);
        await Task.WhenAll(load, sampling, watching);
        return Report.Print(settings, sampler, lag, await load) ? 0 : 1;
    }

    /// <summary>Runs the project's producer; returns the records per second that Kafka acknowledged.</summary>
    private static async Task<double> LoadAsync(Settings settings, int rate, int seconds, CancellationToken cancellationToken)
    {
        var producer = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../src/Producer/bin/Release/net10.0/Producer.dll"));
        var start = new ProcessStartInfo("dotnet",
            [producer, "--data", settings.Data, "--rate", $"{rate}/sec", "--duration", $"{seconds}s", "--users", $"{settings.Users}", "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var killed = cancellationToken.Register(process.Kill);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"The producer ended with {process.ExitCode}: {await errors}");
        using var summary = JsonDocument.Parse((await output).Trim().Split('\n')[^1]);
        return summary.RootElement.GetProperty("acknowledged").GetDouble() / seconds;
    }
}
