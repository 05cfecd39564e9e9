using EventStore.Aggregates.Journal;
using EventStore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.EventSourcing;
using Orleans.Serialization;

namespace EventStore.Aggregates;

/// <summary>Registers what grains that are aggregates need.</summary>
public static class AggregateHosting
{
    /// <summary>
    /// Lets grains that derive from <see cref="AggregateGrain{TState, TRecord, TEvent}"/> run on this silo. The event store itself
    /// is registered apart, by <see cref="EventStoreServiceCollectionExtensions.AddEventStore"/>. To encrypt payloads, register an <see cref="IEventSerializer"/> of your own before.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configure">Sets options, or null.</param>
    public static ISiloBuilder AddAggregates(this ISiloBuilder builder, Action<AggregateOptions>? configure = null)
    {
        // Orleans has no public way to register the services that its journals need, other than with a journal of its own.
        builder.AddCustomStorageBasedLogConsistencyProvider(name: "EventStore.ProtocolServices");

        // A failure to reach the store must reach another silo's caller as what it is, with Npgsql's exception inside.
        builder.Services.Configure<ExceptionSerializationOptions>(o => o.SupportedNamespacePrefixes.Add("Npgsql"));

        builder.Services.AddKeyedSingleton<ILogViewAdaptorFactory, EventLogProvider>(EventLogProvider.Name);
        builder.Services.TryAddSingleton<IEventSerializer, JsonEventSerializer>();
        builder.Services.TryAddSingleton<AggregateRuntime>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AggregateOptions>, AggregateOptionsValidator>());
        builder.Services.AddOptions<AggregateOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        return builder;
    }

    /// <summary>Registers an aggregate's events, and checks its name.</summary>
    /// <typeparam name="TGrain">Its grain class.</typeparam>
    /// <exception cref="InvalidOperationException">Its name or one of its events' names is missing, malformed or taken.</exception>
    public static IServiceCollection AddAggregate<TGrain>(this IServiceCollection services)
        where TGrain : Grain
    {
        _ = AggregateNames.Of(typeof(TGrain));
        for (var type = typeof(TGrain); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(AggregateGrain<,,>))
                return services.AddEventsOf(type.GetGenericArguments()[2]);
        }

        throw new InvalidOperationException($"{typeof(TGrain)} is no aggregate: it must derive from AggregateGrain<TState, TRecord, TEvent>.");
    }
}
