using System.CommandLine;
using AppHost.Running;

namespace AppHost.Commands;

internal static class DataOption
{
    /// <summary>The folder that <c>./dev</c> names where the user names none; null where this program lies in no checkout.</summary>
    public static string? OfCheckout { get; } =
        Programs.Parents(AppContext.BaseDirectory).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "dev"))) is { } checkout ? Path.Combine(checkout, ".data") : null;

    public static Option<string> Create() => new("--data")
    {
        Description = "The data folder: databases, logs, endpoints.json, ports.json, and settings.json if you write one.",
        DefaultValueFactory = _ => ".data",
    };
}
