using System.CommandLine;
using Cli.Certificates;
using Npgsql;

namespace Cli.Audit;

/// <summary><c>audit</c>: reads the topics again and holds the store, the projections and the HTTP answers against them.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "The running system's data folder. Default: with ./dev the checkout's .data, else .data here or further up." };
        var bootstrap = new Option<string?>("--bootstrap") { Description = "Kafka's address, of another system than the one that runs here: then nothing of the running one is used, and --postgres is needed too." };
        var postgres = new Option<string?>("--postgres") { Description = "The store's connection string, of another system than the one that runs here: then --bootstrap is needed too, except for --verify." };
        var api = new Option<string?>("--api") { Description = "The API's address, such as http://127.0.0.1:5080. Default: that of the running system; of another system, none: no HTTP answers are compared then." };
        var registry = new Option<string?>("--registry") { Description = "The schema registry's address. Default: with --api what the API reads schemas from, else that of the running system, else the folder beside this program." };
        var schema = new Option<string>("--schema") { Description = "The store's schema.", DefaultValueFactory = _ => "streaming" };
        var wait = new Option<int>("--wait") { Description = "How many seconds to wait for the system to have read everything.", DefaultValueFactory = _ => 60 };
        var answers = new Option<int>("--answers") { Description = "How many HTTP answers to check, at most.", DefaultValueFactory = _ => 2_000 };
        var certificate = new Option<string?>("--certificate") { Description = "Write a certificate to this file: it can be checked later against the store alone." };
        var verify = new Option<string?>("--verify") { Description = "Check a certificate against the store as it is now; Kafka is not asked." };
        var json = new Option<bool>("--json") { Description = "Print one line of JSON." };
        var command = new Command("audit", """
            Reads the topics again and recomputes what must be stored. Every record must have left exactly one trace (events, a ledger row, a dead letter), in order.
            Exit codes: 0 all is well and something was read, 1 a difference, 2 it could not check all, 130 it was stopped.
            """) { data, bootstrap, postgres, api, registry, schema, wait, answers, certificate, verify, json };
        Common.MustBeHttp(api);
        Common.MustBeHttp(registry);
        postgres.Validators.Add(result =>
        {
            if (WrongConnection(result.GetValueOrDefault<string?>()) is { } wrong)
                result.AddError($"--postgres must be a connection string such as \"Host=db;Username=me;Password=...;Database=shop\": {wrong}");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(certificate) is not null && result.GetValue(verify) is not null)
                result.AddError("--certificate makes a certificate and --verify checks one: give one of them.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var settings = new AuditSettings(
                parsed.GetValue(data), parsed.GetValue(bootstrap), parsed.GetValue(postgres), parsed.GetValue(api), parsed.GetValue(registry), parsed.GetValue(schema)!,
                TimeSpan.FromSeconds(parsed.GetValue(wait)), parsed.GetValue(answers), parsed.GetValue(json));
            return EndedAsync(() => parsed.GetValue(certificate) is { } file ? CertifyRun.ExecuteAsync(settings, file, cancellationToken)
                : parsed.GetValue(verify) is { } issued ? VerifyRun.ExecuteAsync(settings, issued, cancellationToken)
                : AuditRun.ExecuteAsync(settings, cancellationToken), cancellationToken);
        });
        return command;
    }

    /// <summary>1 says that there is a difference: whatever else ends an audit must not say it.</summary>
    private static async Task<int> EndedAsync(Func<Task<int>> run, CancellationToken cancellationToken)
    {
        try
        {
            return await run();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync($"The audit could not be finished: {e}");
            return 2;
        }
    }

    private static string? WrongConnection(string? given)
    {
        try
        {
            return string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(given).Host) ? "it names no Host." : null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}

/// <summary>What was asked for.</summary>
internal sealed record AuditSettings(
    string? Data, string? Bootstrap, string? Postgres, string? Api, string? Registry, string Schema, TimeSpan Wait, int Answers, bool Json);
