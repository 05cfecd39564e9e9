using EventPlatform.DeadLetters;
using EventPlatform.Intake;
using EventPlatform.Jobs;
using EventPlatform.Replay;
using EventPlatform.Topics;
using EventStore.Aggregates;
using EventStore.Hosting;
using EventStore.Projections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Streams.Kafka;
using Orleans.Serialization.Configuration;
using SchemaRegistry;

namespace EventPlatform.Hosting;

/// <summary>Adds the platform to a silo or a client.</summary>
public static class PlatformHosting
{
    /// <summary>The name of the stream provider that aggregates read from.</summary>
    public const string StreamProvider = "kafka";

    /// <summary>
    /// Adds the platform to a silo: Kafka topics as streams, aggregates that store events, projections that follow them. Settings come from the
    /// silo's configuration: <c>ConnectionStrings:Postgres</c>, <c>Kafka</c>, <c>SchemaRegistry</c>, <c>EventStore</c>, <c>Intake</c>.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="configure">What the application is made of.</param>
    public static ISiloBuilder AddEventPlatform(this ISiloBuilder silo, Action<PlatformBuilder> configure)
    {
        var platform = new PlatformBuilder();
        configure(platform);
        var kafka = KafkaSettings.Read(silo.Configuration);
        AddShared(silo.Services, silo.Configuration, platform, kafka);
        silo.Services.AddHostedService<StoreOwnerCheck>();

        // What bounds one try of a delivery: a call that hangs holds up its key, and while a grain activates its whole partition.
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(10));
        silo.AddAggregates(silo.Configuration.GetSection("Aggregates").Bind);
        silo.AddProjections(silo.Configuration.GetSection("Projections").Bind);
        silo.AddKafkaStreams(StreamProvider, options => kafka.Apply(
            options, platform.Topics, platform.TopicsOfJobsAlone, platform.EventTopics.Except(platform.Topics.Select(t => t.Name)), platform.ResultTopics, silo.Configuration));
        silo.Services.AddSingleton<IValidateOptions<KafkaStreamsOptions>>(new StreamNamesValidator(kafka, silo.Configuration));
        silo.Services.AddSingleton<IKafkaCheckpointStore, CheckpointStore>();
        silo.Services.AddSingleton<IKafkaUnroutableHandler, UnroutableRecords>();
        silo.Services.AddSingleton<StreamTroubles>();
        silo.Services.AddKeyedSingleton<IControllable>(StreamTroubles.Name, (services, _) => services.GetRequiredService<StreamTroubles>());
        if (kafka.DeadLetterTopic.Length > 0)
        {
            silo.Services.AddSingleton<DeadLetterMirrorStatus>();
            silo.Services.AddSingleton<DeadLetterProducer>();
            silo.Services.AddHostedService<DeadLetterMirror>();
        }

        platform.Subscribe(silo);
        silo.AddJobs(platform, kafka);
        return silo;
    }

    /// <summary>
    /// Adds what a client of the cluster needs to read the store and to reprocess dead letters, for the same application and from the same settings.
    /// </summary>
    /// <param name="services">The client's services.</param>
    /// <param name="configuration">Its configuration.</param>
    /// <param name="configure">What the application is made of: the same as on the silos.</param>
    public static IServiceCollection AddEventPlatformClient(
        this IServiceCollection services, IConfiguration configuration, Action<PlatformBuilder> configure)
    {
        var platform = new PlatformBuilder();
        configure(platform);
        AddShared(services, configuration, platform, KafkaSettings.Read(configuration));
        services.AddProjectionAccess(configuration.GetSection("Projections").Bind);
        return services;
    }

    private static void AddShared(IServiceCollection services, IConfiguration configuration, PlatformBuilder platform, KafkaSettings kafka)
    {
        platform.ThrowIfIncomplete();
        services.AddEventStore(options =>
        {
            configuration.GetSection("EventStore").Bind(options);
            options.ConnectionString = configuration.GetConnectionString("Postgres") ?? "";
        });
        services.AddSchemaRegistry(configuration.GetSection(SchemaRegistryOptions.Section).Bind);
        services.AddOptions<IntakeOptions>().Bind(configuration.GetSection(IntakeOptions.Section)).ValidateOnStart()
            .Validate(o => o.MaxFutureSkew > TimeSpan.Zero, "Intake:MaxFutureSkew must be more than 0.");
        services.AddSingleton(new PlatformTopics(platform.Topics, kafka.Topics, platform.TopicsWritten));
        services.AddSingleton(kafka);
        services.Configure<TypeManifestOptions>(types => types.AddAllowedType(typeof(StreamTroubles))); // its name passes between processes: who is asked
        services.AddSingleton<TopicReaders>();
        services.AddSingleton<IReadOnlyList<AggregateSubscription>>(platform.Subscriptions);
        services.AddSingleton<AggregateDirectory>();
        services.AddSingleton<TopicLog>();
        services.AddSingleton<IReplaySource, KafkaReplaySource>();
        services.AddSingleton<DeadLetterDesk>();
        services.AddJobAccess(configuration, platform);
        foreach (var register in platform.Registrations)
            register(services);
    }

    /// <summary>Finds names of topics that stand where nobody but the stream provider reads them, with the provider's other mistakes.</summary>
    private sealed class StreamNamesValidator(KafkaSettings kafka, IConfiguration configuration) : IValidateOptions<KafkaStreamsOptions>
    {
        public ValidateOptionsResult Validate(string? name, KafkaStreamsOptions options) =>
            name == StreamProvider && kafka.MisplacedNames(configuration).ToArray() is { Length: > 0 } mistakes ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Skip;
    }
}
