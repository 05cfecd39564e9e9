using System.CommandLine;
using AppHost.Kafka;
using Chaos.Planted;
using Chaos.Running;
using Chaos.Schedule;

if (args is ["silo", var defect])
    return await PlantedSilo.RunAsync(defect);

var seed = new Option<int>("--seed") { Description = "The seed of the load and of the schedule: the same one, the same schedule.", DefaultValueFactory = _ => Random.Shared.Next(1, 1_000_000) };
var faults = new Option<int>("--faults") { Description = "How many faults.", DefaultValueFactory = _ => 12 };
var minutes = new Option<double?>("--minutes") { Description = "How long the load lasts. Default: a quarter of a minute a fault." };
var silos = new Option<int>("--silos") { Description = "How many silos.", DefaultValueFactory = _ => 3 };
var rate = new Option<int>("--rate") { Description = "Records per second.", DefaultValueFactory = _ => 500 };
var keys = new Option<int>("--keys") { Description = "How many users and accounts.", DefaultValueFactory = _ => 300 };
var kafka = new Option<string?>("--kafka") { Description = "emulator or apache. Default: apache where KAFKA_HOME names one." };
var data = new Option<string>("--data") { Description = "Where the system's data, logs and the reports lie.", DefaultValueFactory = _ => Path.Combine(".data", "chaos") };
var kinds = new Option<FaultKind[]>("--kinds") { Description = $"Only faults of these kinds: {string.Join(", ", Enum.GetNames<FaultKind>())}. Default: all that are possible.", AllowMultipleArgumentsPerToken = true };
var planted = new Option<bool>("--planted") { Description = "Plant one defect after the other into the silos; each must be caught." };
var keep = new Option<bool>("--keep") { Description = "Keep all that the checker saw, even when it found nothing." };
var only = new Option<string[]>("--only") { Description = "With --planted: only these defects.", AllowMultipleArgumentsPerToken = true };
var root = new RootCommand("""
    Runs the system in real processes, loads it, breaks parts of it by a seeded schedule, and judges whether every promise was kept.
    Exit codes: 0 no violation, 1 violations (or a planted defect not caught), 2 it could not run.
    """) { seed, faults, minutes, silos, rate, keys, kafka, data, kinds, planted, only, keep };
root.SetAction(async (parsed, stop) =>
{
    try
    {
        var count = parsed.GetValue(faults);
        var options = new ChaosOptions(
            parsed.GetValue(seed), count, TimeSpan.FromMinutes(parsed.GetValue(minutes) ?? Math.Max(1, count) / 4.0), parsed.GetValue(silos),
            (parsed.GetValue(kafka) ?? (PrivateKafka.Home() is null ? "emulator" : "apache")) == "apache", Path.GetFullPath(parsed.GetValue(data)!),
            parsed.GetValue(rate), parsed.GetValue(keys), Kinds: parsed.GetValue(kinds), Keep: parsed.GetValue(keep));
        if (parsed.GetValue(planted))
            return await PlantedRun.ExecuteAsync(options, parsed.GetValue(only) ?? [], Console.WriteLine, stop);
        Console.WriteLine($"seed {options.Seed}: {count} faults in {options.Length.TotalMinutes:0.0} minutes; reports in {options.Reports}");
        var report = await ChaosRun.ExecuteAsync(options, null, TimeSpan.FromMinutes(3), audit: true, Console.WriteLine, stop);
        Console.WriteLine();
        Console.WriteLine(report.ToText());
        return report.Classes.Count == 0 ? 0 : 1;
    }
    catch (Exception e) when (e is InvalidOperationException or TimeoutException or Npgsql.NpgsqlException or Confluent.Kafka.KafkaException)
    {
        await Console.Error.WriteLineAsync($"It could not run: {e.Message}");
        return 2;
    }
});
return await root.Parse(args).InvokeAsync();
