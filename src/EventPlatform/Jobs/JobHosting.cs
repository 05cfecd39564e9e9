using EventPlatform.Hosting;
using EventPlatform.Topics;
using EventStore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Streams;
using Orleans.Streams.Kafka;
using StreamJobs.Checkpoints;
using StreamJobs.Running;
using StreamJobs.Sinks;

namespace EventPlatform.Jobs;

/// <summary>Registers what the application's jobs need.</summary>
internal static class JobHosting
{
    /// <summary>What silos and clients need: the jobs' names, and what they keep.</summary>
    public static void AddJobAccess(this IServiceCollection services, IConfiguration configuration, PlatformBuilder platform)
    {
        services.AddOptions<JobOptions>().Bind(configuration.GetSection(JobOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<JobOptions>, JobOptionsValidator>();
        services.AddSingleton<IJobRecordEncoder, JobRecordEncoder>();
        services.AddSingleton(s => new JobDirectory(platform.Jobs, s.GetRequiredService<IJobRecordEncoder>()));
        services.AddSingleton<JobDatabase>();
        services.AddSingleton(s => s.GetRequiredService<JobDatabase>().Store);
        services.AddSingleton<JobCatalog>();
        services.AddSingleton<JobControls>();
        services.AddSingleton<JobSavepoints>();
        services.AddSingleton<JobLake>();
    }

    /// <summary>What silos need: the streams by partition, and the grains that take them.</summary>
    public static void AddJobs(this ISiloBuilder silo, PlatformBuilder platform, KafkaSettings kafka)
    {
        var topics = platform.Jobs.Select(j => j.Topic).Distinct(StringComparer.Ordinal).ToArray();
        if (topics.Length == 0)
            return;
        silo.Services.AddKeyedSingleton<IStreamIdMapper, JobStreams.Mapper>(JobStreams.Mapper.Name);
        silo.Services.AddSingleton<IKafkaPartitionStart, JobStartPositions>();
        silo.Services.AddSingleton<JobNudges>();
        silo.Services.AddSingleton<IJobRecordReaders, JobRecordReaders>();
        silo.Services.AddSingleton<IJobFaults, JobFaults>();
        silo.Services.AddSingleton(s => new JobServices(
            s.GetRequiredService<JobStore>(), s.GetRequiredService<IOptions<JobOptions>>().Value, s.GetRequiredService<IJobRecordReaders>(),
            s.GetRequiredService<IJobRecordEncoder>(), s.GetRequiredService<IJobFaults>(),
            new TopicConnection(kafka.BootstrapServers, kafka.Client, s.GetRequiredService<PlatformTopics>().BrokerNameOf, $"{kafka.ConsumerGroup}.jobs"), s.GetRequiredService<JobNudges>().Add,
            JobStreams.PartitionsOf(s.GetRequiredService<IKafkaStreamsStatus>()), s.GetService<TimeProvider>() ?? TimeProvider.System, s.GetRequiredService<ILoggerFactory>().CreateLogger("StreamJobs")));
        silo.Services.AddHostedService<JobKeeper>();
        var results = platform.ResultTopics.Except(topics, StringComparer.Ordinal).ToArray();
        silo.AddKafkaPartitionStreams(JobStreams.Provider, options => kafka.Apply(options, topics, results, silo.Configuration));
        foreach (var topic in topics)
            silo.AddKafkaImplicitSubscription<JobPartitionGrain>(JobStreams.StreamOf(topic), JobStreams.Mapper.Name);
    }

    private sealed class JobOptionsValidator : IValidateOptions<JobOptions>
    {
        public ValidateOptionsResult Validate(string? name, JobOptions options) =>
            options.Mistakes().ToArray() is { Length: > 0 } mistakes ? ValidateOptionsResult.Fail(mistakes) : ValidateOptionsResult.Success;
    }
}

/// <summary>The connections that jobs keep their state through: apart from the event store's, whose statements are short.</summary>
internal sealed class JobDatabase : IDisposable, IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    public JobDatabase(IOptions<EventStoreOptions> options, ILoggerFactory loggers)
    {
        var text = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString);
        text.ApplicationName ??= $"{AppDomain.CurrentDomain.FriendlyName} jobs";
        text.NoResetOnClose = true; // jobs leave nothing in a session that a reset would take away
        text.Options = $"-c idle_in_transaction_session_timeout={(long)options.Value.IdleInTransactionTimeout.TotalMilliseconds} {text.Options}";
        _source = new NpgsqlDataSourceBuilder(text.ConnectionString).UseLoggerFactory(loggers).Build();
        Store = new JobStore(_source, options.Value.Schema);
    }

    public JobStore Store { get; }

    public void Dispose() => _source.Dispose();

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
