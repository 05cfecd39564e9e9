using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Producer;

/// <summary>The command line: what can be asked for, and what is wrong with what was asked.</summary>
internal static class CommandLine
{
    private const int DefaultLag = 5_000;

    public static RootCommand Create()
    {
        var events = new Option<long?>("--events")
        {
            Description = "How many records to send, duplicates and poison not counted; without it and without --duration, until Ctrl+C.",
        };
        var rate = new Option<Rate>("--rate")
        {
            Description = "How fast: 100/sec, 6000/min, 50k/sec or max.",
            CustomParser = ParseRate,
            DefaultValueFactory = _ => Rate.PerSecond(100),
        };
        var duration = new Option<TimeSpan?>("--duration") { Description = "How long: 30s, 5m or 1h.", CustomParser = ParseDuration };
        var topic = new Option<string>("--topic")
        {
            Description = "The topic of the user events; with 'transactions' every record is a transaction.",
            DefaultValueFactory = _ => "user-events",
        };
        var transactions = PerMille("--transactions", "Of 1,000 records, how many are transactions instead of user events (topic 'transactions').");
        var users = new Option<int>("--users") { Description = "How many users, each with an account.", DefaultValueFactory = _ => 1_000 };
        var seed = new Option<int?>("--seed")
        {
            Description = "Same seed, same records, to the byte, whatever the rate: event time then runs from 2026-01-01, 10 ms a record. "
                + "Without it they differ each time, and event time is now.",
        };
        var late = PerMille("--late", "Of 1,000 records, how many are 120 s late in event time.");
        var duplicates = PerMille("--duplicates", "For 1,000 records, how many are sent a second time, on top.");
        var poison = PerMille("--poison", "For 1,000 records, how many unusable ones are sent, on top: not Avro, unknown schema, truncated, without key, from 2090.");
        var trace = new Option<bool?>("--trace") { Description = "Begin a trace with each record (header traceparent). Default: up to 5,000/sec." };
        var bootstrap = new Option<string?>("--bootstrap") { Description = "Kafka's address. Default: that of the running system (endpoints.json)." };
        var registry = new Option<string?>("--registry") { Description = "A schema registry's address. Default: that of the running system; with --bootstrap, the folder of schemas." };
        var data = new Option<string?>("--data") { Description = "The running system's data folder. Default: with ./dev the checkout's .data, else .data here or further up." };
        var heedLag = new Option<long?>("--heed-lag")
        {
            Description = $"Pause while a partition of the running system lags by this many records ({DefaultLag} if none are named).",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = ParseLag,
        };
        var json = new Option<bool>("--json") { Description = "Print the summary as one line of JSON." };
        events.Validators.Add(result => AtLeast(result, result.GetValueOrDefault<long?>(), 1));
        heedLag.Validators.Add(result => AtLeast(result, result.GetValueOrDefault<long?>(), 1));
        seed.Validators.Add(result => AtLeast(result, result.GetValueOrDefault<int?>(), 0)); // Random takes a seed and its negative for the same
        users.Validators.Add(result => AtLeast(result, result.GetValueOrDefault<int>(), 2));

        var command = new RootCommand("""
            Sends the shop's events to Kafka.
            Exit codes: 0 all acknowledged, 1 some not, 2 wrong options or nothing to send to, 130 stopped by Ctrl+C or SIGTERM (what was sent is flushed and reported).
            """)
        {
            events, rate, duration, topic, transactions, users, seed, late, duplicates, poison, trace, bootstrap, registry, data, heedLag, json,
        };
        command.SetAction((result, cancellationToken) => Run.ExecuteAsync(
            new Settings
            {
                Events = result.GetValue(events),
                Rate = result.GetValue(rate)!,
                Duration = result.GetValue(duration),
                Topic = result.GetValue(topic)!,
                Transactions = result.GetValue(transactions),
                Users = result.GetValue(users),
                Seed = result.GetValue(seed),
                Late = result.GetValue(late),
                Duplicates = result.GetValue(duplicates),
                Poison = result.GetValue(poison),
                Trace = result.GetValue(trace),
                Bootstrap = result.GetValue(bootstrap),
                Registry = result.GetValue(registry),
                Data = result.GetValue(data),
                HeedLag = result.GetValue(heedLag),
                Json = result.GetValue(json),
            },
            cancellationToken));
        return command;
    }

    private static Option<int> PerMille(string name, string description)
    {
        var option = new Option<int>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 1000)
                result.AddError($"{name} is per mille: from 0 to 1000.");
        });
        return option;
    }

    private static void AtLeast(OptionResult result, long? value, long least)
    {
        if (value < least)
            result.AddError($"{result.Option.Name} must be at least {least}.");
    }

    private static Rate ParseRate(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (Rate.TryParse(text) is { } rate)
            return rate;
        result.AddError($"--rate '{text}' is not a rate: write 100/sec, 6000/min, 50k/sec or max.");
        return Rate.Max;
    }

    private static TimeSpan? ParseDuration(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        var unit = text.Length > 1 ? text[^1] : ' ';
        if (double.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1e6 && unit is 's' or 'm' or 'h')
            return unit switch { 's' => TimeSpan.FromSeconds(number), 'm' => TimeSpan.FromMinutes(number), _ => TimeSpan.FromHours(number) };
        result.AddError($"--duration '{text}' is not a duration: write 30s, 5m or 1h.");
        return null;
    }

    private static long? ParseLag(ArgumentResult result)
    {
        if (result.Tokens.Count == 0)
            return DefaultLag;
        if (long.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var lag))
            return lag;
        result.AddError($"--heed-lag '{result.Tokens[0].Value}' is not a number of records.");
        return null;
    }
}
