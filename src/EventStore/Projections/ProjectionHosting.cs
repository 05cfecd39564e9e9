using EventStore.Aggregates;
using EventStore.Hosting;
using EventStore.Operations;
using EventStore.Projections.Running;
using EventStore.Projections.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace EventStore.Projections;

/// <summary>Registers projections, and what runs and reads them.</summary>
public static class ProjectionHosting
{
    /// <summary>
    /// Runs the registered projections and subscribers on this silo, or on others of the cluster. The event store is registered apart, by
    /// <see cref="EventStoreServiceCollectionExtensions.AddEventStore"/>, the projections by <see cref="AddProjection{TProjection}"/>.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="configure">Sets options, or null.</param>
    public static ISiloBuilder AddProjections(this ISiloBuilder silo, Action<ProjectionOptions>? configure = null)
    {
        silo.Services.AddProjectionAccess(configure);
        silo.Services.AddSingleton(provider => new RunnerName(provider.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString()));
        silo.Services.AddProjectionRunning();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ProjectionKeeper>();
        return silo;
    }

    /// <summary>
    /// Adds <see cref="IProjectionReader"/>, <see cref="IProjections"/>, <see cref="IReplays"/> and <see cref="IOperatorLog"/>: all that a
    /// process needs which runs no projections itself. It must have the same projections registered.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options, or null.</param>
    public static IServiceCollection AddProjectionAccess(this IServiceCollection services, Action<ProjectionOptions>? configure = null)
    {
        services.AddOptions<ProjectionOptions>().Configure(configure ?? (_ => { })).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ProjectionOptions>, ProjectionOptionsValidator>());
        services.TryAddSingleton<IEventSerializer, JsonEventSerializer>();
        services.TryAddSingleton<ProjectionSet>();
        services.TryAddSingleton<ProjectionLog>();
        services.TryAddSingleton<GenerationStore>();
        services.TryAddSingleton<ReplayLog>();
        services.TryAddSingleton<ProjectionQueries>();
        services.TryAddSingleton<ProjectionNudge>();
        services.TryAddSingleton<IProjectionReader, ProjectionReader>();
        services.TryAddSingleton<IProjections, ProjectionControl>();
        services.TryAddSingleton<IReplays, Replays>();
        services.TryAddSingleton<IOperatorLog, OperatorLog>();
        return services;
    }

    /// <summary>Registers a projection. Two versions of one projection may be registered beside each other, so that a switch can be rolled back.</summary>
    /// <typeparam name="TProjection">The projection.</typeparam>
    public static IServiceCollection AddProjection<TProjection>(this IServiceCollection services)
        where TProjection : ProjectionDefinition, new() => services.AddSingleton<ProjectionDefinition>(_ => new TProjection());

    /// <summary>Registers a subscriber.</summary>
    /// <typeparam name="TSubscriber">The subscriber.</typeparam>
    public static IServiceCollection AddEventSubscriber<TSubscriber>(this IServiceCollection services)
        where TSubscriber : class, IEventSubscriber => services.AddSingleton<IEventSubscriber, TSubscriber>();

    internal static IServiceCollection AddProjectionRunning(this IServiceCollection services)
    {
        services.AddSingleton<HighWater>();
        services.AddSingleton<TypePresence>();
        services.AddHostedService(provider => provider.GetRequiredService<TypePresence>());
        services.AddSingleton<StoreFeed>();
        services.AddSingleton<ProjectionRunnersFactory>();
        return services;
    }
}
