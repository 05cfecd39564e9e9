using System.CommandLine;
using System.Text.Json;

namespace Cli;

/// <summary><c>schemas</c>: what is registered, each version with its id.</summary>
internal static class SchemasCommand
{
    public static Command Create()
    {
        var url = new Option<string?>("--registry") { Description = "A schema registry's address. Default: that of the running system, else the folder of schemas." };
        var (data, json) = (Common.Data(), Common.Json());
        var command = new Command("schemas", "Lists name, version and id of every schema.") { url, data, json };
        command.SetAction((parsed, cancellationToken) => Common.AnsweredAsync(async () =>
        {
            var (given, system) = (parsed.GetValue(url), Endpoints.Find(parsed.GetValue(data)));
            var registry = SystemAccess.Load(parsed.GetValue(data)).Registry(given ?? system?.Registry, isOwn: given is null && system?.SchemaRegistryUrl is null);
            var schemas = (await registry.ListAsync(cancellationToken)).Select(s => new { name = s.Subject, version = s.Version, id = s.Id }).ToArray();
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(schemas));
            else
                foreach (var schema in schemas)
                    Console.WriteLine($"{schema.name,-30} version {schema.version,3}   id {schema.id}");
            return 0;
        }));
        return command;
    }
}
