using System.Text.Json.Nodes;
using Contracts.Accounts;
using Contracts.Users;
using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Projections;
using Grains.Accounts;
using Grains.Users;

namespace Chaos.Checking;

/// <summary>Every document is what the events give.</summary>
internal static class ProjectionChecks
{
    private static readonly ProjectionDefinition[] Definitions = [new UserProfiles(), new PurchasesByDay(), new RecentActivity(), new AccountBalances()];

    public static IEnumerable<Violation> Check(StoreContents store)
    {
        var types = new EventTypes().AddEventsOf(typeof(IUserEvent)).AddEventsOf(typeof(IAccountEvent));
        foreach (var definition in Definitions.Where(d => store.Documents.ContainsKey(d.Name)))
        {
            var fold = new ProjectionFold(definition, types);
            foreach (var e in store.Events)
                fold.Apply(new StoredEvent(e.Sequence, e.Id, e.StreamKey, e.Version, e.Type, e.Data, DateTimeOffset.UnixEpoch, null));
            var stored = store.Documents[definition.Name];
            foreach (var key in fold.Keys.Union(stored.Keys))
            {
                var (computed, there) = (fold.Json(key), stored.GetValueOrDefault(key));
                if (computed is null || there is null || !JsonNode.DeepEquals(JsonNode.Parse(computed), JsonNode.Parse(there)))
                    yield return new(ViolationClass.ProjectionDiffers, $"{definition.Name}, document '{key}'", null, [$"stored: {there ?? "nothing"}", $"the events give: {computed ?? "nothing"}"]);
            }
        }
    }
}
