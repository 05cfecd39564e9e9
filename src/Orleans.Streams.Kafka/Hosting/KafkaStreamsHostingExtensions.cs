using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Metadata;
using Orleans.Runtime.Providers;
using Orleans.Streams;
using Orleans.Streams.Kafka;
using Orleans.Streams.Kafka.Adapter;
using Orleans.Streams.Kafka.Hosting;
using Orleans.Streams.Kafka.Producing;
using Orleans.Streams.Kafka.Receiving;
using Orleans.Streams.Kafka.Status;
using Orleans.Streams.Kafka.Topology;

namespace Orleans.Hosting;

/// <summary>Adds Kafka topics as Orleans streams.</summary>
public static class KafkaStreamsHostingExtensions
{
    /// <summary>
    /// Adds streams by key: a stream's namespace is the logical stream name, its key the record's key. Needs an <see cref="IKafkaCheckpointStore"/>
    /// and an <see cref="IKafkaUnroutableHandler"/>, registered plainly or keyed by the provider's name.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The stream provider's name.</param>
    /// <param name="configure">Sets the options; they are named options of the provider's name, so that configuration can add to them.</param>
    public static ISiloBuilder AddKafkaStreams(this ISiloBuilder builder, string name, Action<KafkaStreamsOptions> configure)
    {
        AddSilo(builder, name, configure, CreateByKey);
        builder.Services.AddSingleton<IConfigurationValidator>(services => new KafkaConfigurationValidator<KafkaStreamsOptions>(
            name, services,
            (typeof(IKafkaCheckpointStore), "Register one that keeps checkpoints, or call UseInMemoryCheckpoints() in a test."),
            (typeof(IKafkaUnroutableHandler), "Register one that makes records without a usable key durable: a dead-letter table.")));
        return builder;
    }

    /// <summary>
    /// Adds streams by partition: a stream's namespace is the logical stream name, its key the partition's number, its items
    /// <see cref="KafkaChunk"/>s. Needs an <see cref="IKafkaPartitionStart"/>, registered plainly or keyed by the provider's name.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The stream provider's name.</param>
    /// <param name="configure">Sets the options.</param>
    public static ISiloBuilder AddKafkaPartitionStreams(this ISiloBuilder builder, string name, Action<KafkaPartitionStreamsOptions> configure)
    {
        AddSilo(builder, name, configure, CreateByPartition);
        builder.Services.AddSingleton<IConfigurationValidator>(services => new KafkaConfigurationValidator<KafkaPartitionStreamsOptions>(
            name, services, (typeof(IKafkaPartitionStart), "Register one that knows the subscribers' own checkpoints.")));
        return builder;
    }

    /// <summary>Adds streams by key to a client, which can publish to them.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="name">The stream provider's name.</param>
    /// <param name="configure">Sets the options.</param>
    public static IClientBuilder AddKafkaStreams(this IClientBuilder builder, string name, Action<KafkaStreamsOptions> configure)
    {
        AddOptions(builder.Services, name, configure);
        var configurator = new ClusterClientPersistentStreamConfigurator(
            name, builder, (services, provider) => new ProducingAdapter(provider, CreateSender<KafkaStreamsOptions>(services, provider)));
        configurator.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
        builder.Services.AddSingleton<IConfigurationValidator>(services => new KafkaConfigurationValidator<KafkaStreamsOptions>(name, services));
        return builder;
    }

    /// <summary>
    /// Subscribes a grain class implicitly to a stream name, as [ImplicitStreamSubscription] on the class would. The grain implements
    /// <c>IStreamSubscriptionObserver</c> and attaches its observer in <c>OnSubscribed</c>. Orleans matches subscriptions by namespace only, whatever
    /// the provider: give streams of different providers different names.
    /// </summary>
    /// <typeparam name="TGrain">The grain class.</typeparam>
    /// <param name="builder">The silo; every silo that hosts the class must say the same.</param>
    /// <param name="streamName">The logical stream name.</param>
    /// <param name="streamIdMapper">The name of a keyed <c>IStreamIdMapper</c> that makes a grain's key of a stream's id. Null: it is the stream's key.</param>
    public static ISiloBuilder AddKafkaImplicitSubscription<TGrain>(this ISiloBuilder builder, string streamName, string? streamIdMapper = null)
        where TGrain : IGrain
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(streamName);
        builder.Services.AddSingleton<IGrainPropertiesProvider>(new ImplicitKafkaSubscription(typeof(TGrain), streamName, streamIdMapper));
        return builder;
    }

    /// <summary>Keeps checkpoints in this silo's memory: for tests and demonstrations only, because a restart begins at the option <c>Start</c>.</summary>
    /// <param name="builder">The silo.</param>
    public static ISiloBuilder UseInMemoryCheckpoints(this ISiloBuilder builder)
    {
        builder.Services.AddSingleton<IKafkaCheckpointStore, InMemoryKafkaCheckpointStore>();
        return builder;
    }

    private static void AddSilo<TOptions>(
        ISiloBuilder builder, string name, Action<TOptions> configure, Func<IServiceProvider, string, IQueueAdapterFactory> create)
        where TOptions : KafkaProviderOptions
    {
        var services = builder.Services;
        AddOptions(services, name, configure);
        services.TryAddSingleton<StatusBoard>();
        services.TryAddSingleton<IKafkaStreamsStatus>(s => s.GetRequiredService<StatusBoard>());
        services.TryAddSingleton<IKafkaStreamsControl>(s => s.GetRequiredService<StatusBoard>());
        services.TryAddSingleton<SubscriberLookup>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IIncomingGrainCallFilter, ObserverGuard>());
        services.AddKeyedSingleton(name, (s, _) => new TopicDirectory(
            name, Options<TOptions>(s, name), s.GetRequiredService<StatusBoard>(), Time(s), Logger(s, name)));

        var configurator = new SiloPersistentStreamConfigurator(name, configureServices => configureServices(services), create);
        configurator.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
        configurator.ConfigurePullingAgent(agent => agent.Configure<IOptionsMonitor<TOptions>>((settings, kafka) =>
        {
            var options = kafka.Get(name);
            settings.GetQueueMsgsTimerPeriod = options.PollPeriod;
            settings.MaxEventDeliveryTime = options.MaxDeliveryTime;
            settings.StreamInactivityPeriod = options.StreamInactivityPeriod;
            settings.BatchContainerBatchSize = 1;
        }));
        configurator.ConfigurePartitionBalancing((s, provider) => new KafkaQueueBalancer(
            provider, s.GetRequiredKeyedService<TopicDirectory>(provider), s, s.GetRequiredService<ILogger<KafkaQueueBalancer>>()));
        configurator.ConfigureBackoffProvider((_, _) => (IMessageDeliveryBackoffProvider)new DeliveryBackoff());
        configurator.ConfigureBackoffProvider((_, _) => (IQueueReaderBackoffProvider)new ReaderBackoff());
    }

    private static void AddOptions<TOptions>(IServiceCollection services, string name, Action<TOptions> configure)
        where TOptions : KafkaProviderOptions
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        services.AddOptions<TOptions>(name).Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>>(new KafkaOptionsValidator<TOptions>(name));
    }

    private static RecordAdapter CreateByKey(IServiceProvider services, string name) => new(
        Parts<KafkaStreamsOptions>(services, name, new StoredPositions(name, Service<IKafkaCheckpointStore>(services, name))),
        Options<KafkaStreamsOptions>(services, name),
        Service<IKafkaUnroutableHandler>(services, name));

    private static ChunkAdapter CreateByPartition(IServiceProvider services, string name) => new(
        Parts<KafkaPartitionStreamsOptions>(services, name, new SubscriberPositions(name, Service<IKafkaPartitionStart>(services, name))),
        Options<KafkaPartitionStreamsOptions>(services, name));

    private static ProviderParts Parts<TOptions>(IServiceProvider services, string name, IPositions positions)
        where TOptions : KafkaProviderOptions => new(
        name,
        services.GetRequiredKeyedService<TopicDirectory>(name),
        services.GetRequiredService<StatusBoard>(),
        CreateSender<TOptions>(services, name),
        services.GetRequiredService<SubscriberLookup>(),
        positions,
        Time(services),
        services.GetRequiredService<ILoggerFactory>());

    private static KafkaSender CreateSender<TOptions>(IServiceProvider services, string name)
        where TOptions : KafkaProviderOptions => new(
        name,
        Options<TOptions>(services, name),
        services.GetKeyedService<IKafkaItemSerializer>(name) ?? services.GetService<IKafkaItemSerializer>(),
        Time(services),
        Logger(services, name));

    private static TOptions Options<TOptions>(IServiceProvider services, string name) => services.GetRequiredService<IOptionsMonitor<TOptions>>().Get(name);

    private static T Service<T>(IServiceProvider services, string name)
        where T : class => services.GetKeyedService<T>(name) ?? services.GetRequiredService<T>();

    private static TimeProvider Time(IServiceProvider services) => services.GetService<TimeProvider>() ?? TimeProvider.System;

    private static ILogger Logger(IServiceProvider services, string name) =>
        services.GetRequiredService<ILoggerFactory>().CreateLogger($"Orleans.Streams.Kafka.{name}");
}
