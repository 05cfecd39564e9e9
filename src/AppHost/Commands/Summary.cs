using AppHost.Running;

namespace AppHost.Commands;

/// <summary>What the user needs to go on.</summary>
internal static class Summary
{
    public static void Print(Endpoints endpoints, Narrator narrator, bool here)
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
        narrator.Say(here ? "Ctrl+C stops it." : "./dev down stops it.");
    }
}
