using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cli;

/// <summary><c>dead-letters</c>: lists what could not be applied, shows one, sends it again, mended or not, throws it away.</summary>
internal static class DeadLettersCommand
{
    public static Command Create()
    {
        var (data, json) = (Common.Data(), Common.Json());
        var command = new Command("dead-letters", "Lists the dead letters, newest first.") { data, Common.Api, json, Show(), Reprocess(), Discard() };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            if (await api.GetAsync("dead-letters") is not { } letters)
                return 1;
            if (parsed.GetValue(json))
                return ApiClient.Print(letters);
            foreach (var letter in letters["items"]!.AsArray())
                Console.WriteLine($"{letter!["id"],6}  {letter["status"],-12}{letter["kind"],-18}{Place(letter)}  {letter["reason"]}");
            if (letters["next"] is { } next)
                Console.WriteLine($"There are older ones: {api.Address}dead-letters?cursor={next}");
            return 0;
        }));
        return command;
    }

    private static Argument<long> Id() => new("id") { Description = "The dead letter." };

    private static string Place(JsonNode letter)
    {
        var record = letter["record"]!;
        return $"{record["topic"]}/{record["partition"]}@{record["offset"]}";
    }

    private static Command Show()
    {
        var (id, data, json) = (Id(), Common.Data(), Common.Json());
        var command = new Command("show", "Prints all that is known of one: its record, what is wrong with it, the exception, and what it says.") { id, data, json };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            if (await api.GetAsync($"dead-letters/{parsed.GetValue(id)}") is not { } letter)
                return 1;
            if (parsed.GetValue(json))
                return ApiClient.Print(letter);
            Line("record", $"{Place(letter)}, incarnation {letter["record"]!["incarnation"]}");
            foreach (var (title, field) in new[]
            {
                ("status", "status"), ("kind", "kind"), ("reason", "reason"), ("consumer", "consumer"), ("key", "key"), ("event id", "eventId"), ("schema id", "schemaId"),
                ("Kafka's time", "timestamp"), ("since", "createdAt"), ("changed", "changedAt"),
            })
            {
                Line(title, letter[field]?.ToString());
            }

            Line("value", letter["decoded"]?.ToJsonString(ApiClient.Readable));
            if (letter["decoded"] is null)
                Line("payload", letter["payload"]?.ToString() is { } payload ? $"{payload} (base64)" : null);
            Line("exception", letter["exception"]?.ToString());
            return 0;
        }));
        return command;
    }

    private static void Line(string title, string? text)
    {
        if (text is not null)
            Console.WriteLine($"{title,-14}{text.ReplaceLineEndings($"{Environment.NewLine}{"",-14}")}");
    }

    private static Command Reprocess()
    {
        var (id, data) = (Id(), Common.Data());
        var key = new Option<string?>("--key") { Description = "The key that it should have." };
        var value = new Option<string?>("--value") { Description = "The record that it should be, as JSON in the form that POST /events takes." };
        var payload = new Option<FileInfo?>("--payload-file") { Description = "The same as bytes, as they would lie on the topic: a file." };
        var command = new Command("reprocess", "Sends one again, as it is or mended; what is not given stays.") { id, key, value, payload, data };
        command.Validators.Add(result =>
        {
            if (result.GetValue(value) is not null && result.GetValue(payload) is not null)
                result.AddError("--value and --payload-file both say what the record should be: give one of them.");
            if (result.GetValue(value) is { } text && Read(text) is null)
                result.AddError("--value is not JSON.");
            if (result.GetValue(payload) is { Exists: false } file)
                result.AddError($"--payload-file {file} is not there.");
        });
        command.SetAction((parsed, cancellationToken) => Common.WithApiAsync(parsed, data, async api =>
        {
            var mended = new JsonObject();
            if (parsed.GetValue(key) is { } given)
                mended["key"] = given;
            if (parsed.GetValue(value) is { } text)
                mended["value"] = Read(text);
            if (parsed.GetValue(payload) is { } file)
                mended["payload"] = Convert.ToBase64String(await File.ReadAllBytesAsync(file.FullName, cancellationToken));
            return ApiClient.Print(await api.PostAsync($"dead-letters/{parsed.GetValue(id)}/reprocess", mended));
        }));
        return command;
    }

    private static JsonNode? Read(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Command Discard()
    {
        var (id, data) = (Id(), Common.Data());
        var command = new Command("discard", "Throws one away.") { id, data };
        command.SetAction((parsed, _) => Common.WithApiAsync(parsed, data, async api =>
        {
            return ApiClient.Print(await api.PostAsync($"dead-letters/{parsed.GetValue(id)}/discard", null));
        }));
        return command;
    }
}
