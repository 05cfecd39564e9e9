using EventStore.Aggregates;
using EventStore.Appending;
using EventStore.Audits;
using EventStore.Checkpoints;
using EventStore.DeadLetters;
using EventStore.Reading;
using EventStore.Schema;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EventStore.Hosting;

/// <summary>Registers the event store.</summary>
public static class EventStoreServiceCollectionExtensions
{
    /// <summary>
    /// Adds the event store: Marten configured for it, the schema (created before any other hosted service starts), and its services.
    /// Projections are added to the same Marten with <c>services.ConfigureMarten(...)</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options. They are validated at start; one start shows every error.</param>
    public static IServiceCollection AddEventStore(this IServiceCollection services, Action<EventStoreOptions> configure)
    {
        services.AddOptions<EventStoreOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EventStoreOptions>, EventStoreOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<EventTypes>>().Value);

        services.AddSingleton<StoreDataSources>();
        services.AddMarten(provider => MartenConfiguration.Create(
            provider.GetRequiredService<StoreDataSources>(), provider.GetRequiredService<EventTypes>()));

        services.AddSingleton<StoreAvailability>();
        services.AddSingleton(provider => new EventStoreSchema(provider.GetRequiredService<StoreDataSources>(),
            provider.GetRequiredService<IDocumentStore>(), provider.GetRequiredService<ILogger<EventStoreSchema>>()));
        services.AddSingleton<IHostedService, SchemaStartup>();

        services.AddSingleton<AppendStatement>();
        services.AddSingleton<IGroupCommit, GroupCommit>();
        services.AddSingleton<LoadQuery>();
        services.AddSingleton<IStreamLoader, StreamLoader>();
        services.AddSingleton<ISnapshotStore, SnapshotStore>();

        services.AddSingleton<StoreDatabase>();
        services.AddSingleton<IDeadLetterStore, DeadLetterStore>();
        services.AddSingleton<IDeadLetterOutbox, DeadLetterOutbox>();
        services.AddSingleton<IPartitionCheckpoints, PartitionCheckpoints>();
        services.AddSingleton<IEventReader, EventReader>();
        services.AddSingleton<IAuditLog, AuditLog>();
        return services;
    }

    /// <summary>Registers the events of an aggregate: every class with <see cref="EventNameAttribute"/> that is an <paramref name="eventBase"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="eventBase">The interface or base class that the aggregate's events share.</param>
    public static IServiceCollection AddEventsOf(this IServiceCollection services, Type eventBase) =>
        services.Configure<EventTypes>(types => types.AddEventsOf(eventBase));
}
