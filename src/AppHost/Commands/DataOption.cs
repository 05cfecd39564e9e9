using System.CommandLine;

namespace AppHost.Commands;

internal static class DataOption
{
    public static Option<string> Create() => new("--data")
    {
        Description = "The data folder: databases, logs, endpoints.json, and settings.json if you write one.",
        DefaultValueFactory = _ => ".data",
    };
}
