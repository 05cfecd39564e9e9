using System.Text.Json;
using EventStore.Aggregates;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using Marten;
using Weasel.Core;

namespace EventStore.Hosting;

/// <summary>Every Marten setting that the store relies on, in one place.</summary>
internal static class MartenConfiguration
{
    public static StoreOptions Create(StoreDataSources dataSources, EventTypes eventTypes)
    {
        var options = new StoreOptions();
        options.Connection(dataSources.Marten);
        options.DatabaseSchemaName = dataSources.Schema;
        options.AutoCreateSchemaObjects = AutoCreate.CreateOrUpdate;
        UseEventJson(options);

        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.AppendMode = EventAppendMode.Quick;
        options.Events.EnableUniqueIndexOnEventId = true; // P2: an id has one event
        options.Events.MetadataConfig.HeadersEnabled = true; // EventSource, see EventHeaders
        options.Events.UseArchivedStreamPartitioning = false; // more than halves the rate of appends
        options.Events.UseListenNotifyForEventAppends = true; // the daemon wakes at once; our own appends notify too
        options.Projections.AsyncMode = DaemonMode.ExternallyManaged; // grains start and stop the shards

        foreach (var type in eventTypes.All)
            options.Events.MapEventType(type, EventTypes.NameOf(type));
        return options;
    }

    // Marten copies the options and then overrides the naming policy and the enum converter: put ours back.
    private static void UseEventJson(StoreOptions options) =>
        options.UseSystemTextJsonForSerialization(new JsonSerializerOptions(EventJson.Options), EnumStorage.AsString, Casing.CamelCase, json =>
        {
            json.PropertyNamingPolicy = EventJson.Options.PropertyNamingPolicy;
            foreach (var converter in EventJson.Options.Converters.Reverse())
                json.Converters.Insert(0, converter); // the first converter that fits is taken
        });
}
