using Chaos.Schedule;
using EventStore.Appending;
using EventStore.Projections;
using Grains.Accounts;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams.Kafka;
using SchemaRegistry;
using StreamJobs.Running;

namespace Chaos.Planted;

/// <summary>A mistake that this system could have, made by a decorator of one of its seams.</summary>
/// <param name="Name">Its name.</param>
/// <param name="What">What it does wrong.</param>
/// <param name="Plant">Plants it.</param>
/// <param name="Faults">The faults that it needs to show.</param>
internal sealed record Defect(string Name, string What, Action<IServiceCollection> Plant, params FaultKind[] Faults);

/// <summary>Replaces services by decorators of them.</summary>
internal static class Decorating
{
    public static void Decorate<T>(this IServiceCollection services, Func<T, IServiceProvider, T> decorate)
        where T : class => services.Decorate(services.Last(d => d.ServiceType == typeof(T)), decorate);

    private static void Decorate<T>(this IServiceCollection services, ServiceDescriptor original, Func<T, IServiceProvider, T> decorate)
        where T : class
    {
        services.Remove(original);
        services.AddSingleton(provider => decorate(Make<T>(original, provider), provider));
    }

    /// <summary>Changes what is committed, or what is said of it.</summary>
    public static void Commit(this IServiceCollection services, Func<StreamAppend, Func<StreamAppend, ValueTask<AppendVerdict>>, ValueTask<AppendVerdict>> commit) =>
        services.Decorate<IGroupCommit>((inner, _) => new CommitDecorator(inner, commit));

    /// <summary>Changes each append before it is committed.</summary>
    public static void Change(this IServiceCollection services, Func<StreamAppend, StreamAppend> change) => services.Commit((append, next) => next(change(append)));

    /// <summary>Changes what is checkpointed.</summary>
    public static void Checkpoint(this IServiceCollection services, Func<string, int, long, Func<long, ValueTask<bool>>, ValueTask<bool>> save) =>
        services.Decorate<IKafkaCheckpointStore>((inner, _) => new CheckpointDecorator(inner, save));

    /// <summary>Has jobs read a record, when it is due, as if it were the former one.</summary>
    public static void JobReader(this IServiceCollection services, Func<bool> isDue) => services.Decorate<IJobRecordReaders>((inner, _) => new JobReadersDecorator(inner, isDue));

    /// <summary>Changes what the courier does.</summary>
    public static void Subscriber(this IServiceCollection services, Func<IReadOnlyList<SubscribedEvent>, Func<IReadOnlyList<SubscribedEvent>, ValueTask>, ValueTask> handle) =>
        services.Decorate<IEventSubscriber>(services.Single(d => d.ImplementationType == typeof(TransferCourier)), (inner, _) => new SubscriberDecorator(inner, handle));

    /// <summary>Replaces a projection.</summary>
    public static void Projection<T>(this IServiceCollection services, string name)
        where T : ProjectionDefinition, new()
    {
        var original = services.Where(d => d.ServiceType == typeof(ProjectionDefinition)).First(d => ((ProjectionDefinition)d.ImplementationFactory!(null!)).Name == name);
        services.Remove(original);
        services.AddSingleton<ProjectionDefinition>(_ => new T());
    }

    /// <summary>Changes how values are decoded.</summary>
    public static void Decoder<TRecord>(this IServiceCollection services, Func<ReadOnlyMemory<byte>, Func<ReadOnlyMemory<byte>, ValueTask<TRecord>>, ValueTask<TRecord>> decode)
        where TRecord : class => services.AddSingleton<IRecordDecoder<TRecord>>(provider =>
            new DecoderDecorator<TRecord>(ActivatorUtilities.CreateInstance<AvroRecordDecoder<TRecord>>(provider), decode));

    private static T Make<T>(ServiceDescriptor original, IServiceProvider provider) =>
        (T)(original.ImplementationInstance ?? original.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, original.ImplementationType!));

    private sealed class CommitDecorator(IGroupCommit inner, Func<StreamAppend, Func<StreamAppend, ValueTask<AppendVerdict>>, ValueTask<AppendVerdict>> commit) : IGroupCommit
    {
        public ValueTask<AppendVerdict> AppendAsync(StreamAppend append, CancellationToken cancellationToken = default) => commit(append, a => inner.AppendAsync(a, cancellationToken));
    }

    private sealed class CheckpointDecorator(IKafkaCheckpointStore inner, Func<string, int, long, Func<long, ValueTask<bool>>, ValueTask<bool>> save) : IKafkaCheckpointStore
    {
        public ValueTask<KafkaCheckpoint> TakeOverAsync(string provider, string topic, string incarnation, int partition, CancellationToken cancellationToken) =>
            inner.TakeOverAsync(provider, topic, incarnation, partition, cancellationToken);

        public ValueTask<bool> SaveAsync(string provider, string topic, string incarnation, int partition, long epoch, long nextOffset, CancellationToken cancellationToken) =>
            save(topic, partition, nextOffset, next => inner.SaveAsync(provider, topic, incarnation, partition, epoch, next, cancellationToken));
    }

    private sealed class JobReadersDecorator(IJobRecordReaders inner, Func<bool> isDue) : IJobRecordReaders
    {
        public IJobRecordReader<T> Create<T>() => new JobReaderDecorator<T>(inner.Create<T>(), isDue);
    }

    private sealed class JobReaderDecorator<T>(IJobRecordReader<T> inner, Func<bool> isDue) : IJobRecordReader<T>
    {
        private T _former = default!;

        public bool TryRead(ReadOnlyMemory<byte> value, out T record)
        {
            if (!inner.TryRead(value, out record))
                return false;
            (record, _former) = (isDue() ? _former ?? record : record, record);
            return true;
        }

        public ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken) => inner.LoadAsync(value, cancellationToken);
    }

    private sealed class SubscriberDecorator(
        IEventSubscriber inner, Func<IReadOnlyList<SubscribedEvent>, Func<IReadOnlyList<SubscribedEvent>, ValueTask>, ValueTask> handle) : IEventSubscriber
    {
        public string Name => inner.Name;

        public IReadOnlyCollection<Type> Events => inner.Events;

        public ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken) => handle(events, e => inner.HandleAsync(e, cancellationToken));
    }

    private sealed class DecoderDecorator<TRecord>(
        IRecordDecoder<TRecord> inner, Func<ReadOnlyMemory<byte>, Func<ReadOnlyMemory<byte>, ValueTask<TRecord>>, ValueTask<TRecord>> decode) : IRecordDecoder<TRecord>
        where TRecord : class
    {
        public ValueTask<TRecord> DecodeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken = default) => decode(payload, p => inner.DecodeAsync(p, cancellationToken));
    }
}
