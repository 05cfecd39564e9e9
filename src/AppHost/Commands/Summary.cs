using AppHost.Running;

namespace AppHost.Commands;

/// <summary>What the user needs to go on.</summary>
internal static class Summary
{
    public static void Print(Endpoints endpoints, Narrator narrator, string data, bool here)
    {
        narrator.Say($"""

              page         {endpoints.Api}
              dashboard    {endpoints.Dashboard}
              Kafka        {endpoints.Kafka} ({endpoints.KafkaKind})
              registry     {endpoints.Registry}
              Postgres     {endpoints.Postgres}
            """);
        if (endpoints.SampleUser is { } user)
            narrator.Say($"  try          curl {endpoints.Api}/users/{user}");
        narrator.Say(here ? "Ctrl+C stops it." : $"{Command("down", data)} stops it.");
    }

    /// <summary>A command on this system, as the user types it: without <c>--data</c> it would ask another folder.</summary>
    public static string Command(string name, string data) => Path.TrimEndingDirectorySeparator(data) == DataOption.OfCheckout ? $"./dev {name}" : $"./dev {name} --data {Shell.Quoted(data)}";
}
