using Chaos.Schedule;
using EventPlatform.Publishing;
using EventStore.Hosting;
using Grains.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using SchemaRegistry;
using StreamJobs.Checkpoints;
using StreamJobs.Running;

namespace Chaos.Planted;

/// <summary>Of <see cref="BlindDefects"/>, those of jobs: in what they read, keep, merge and send.</summary>
internal static class BlindJobDefects
{
    private static readonly TimeSpan Old = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<Defect> All { get; } =
    [
        new("job-never-late", "a late record takes the newest time for its own, and counts", s => s.ShopReader(reader => new NeverLate(reader))),
        new("job-skips-one-too-many", "behind a record that cannot be read, the next one is skipped too", s => s.ShopReader(reader => new OneTooMany(reader))),
        new("job-mistakes-its-key", "two users whose ids have the same characters are one", s => s.ShopReader(reader => new MistakenKeys(reader))),
        new("job-state-kept-once", "a part of a window's state that is kept already is not kept anew", PlantStateKeptOnce, FaultKind.SiloKilled),
        new("merger-counts-twice", "after a restart one partition's part of a window is counted twice", PlantDoubleParts, FaultKind.SiloKilled),
        new("job-sink-shares-a-buffer", "results for a topic lie in a buffer that the next one of their length overwrites", PlantSharedBuffers),
    ];

    /// <summary>"on conflict do nothing": after a restart a window has what it had at its first checkpoint, and what was kept under new names.</summary>
    private static void PlantStateKeptOnce(IServiceCollection services) => services.JobTable("job_state", "before update", "return null;");

    /// <summary>A part that a new owner gives is kept under the owner's number as well: the merger adds both up.</summary>
    private static void PlantDoubleParts(IServiceCollection services) => services.JobTable("job_parts", "after insert", """
        if new.partition = 0 and exists (select from {schema}.job_owners where topic = 'user-events' and partition = 0 and epoch > 1) then
            insert into {schema}.job_parts (job, slice, partition, version, data) values (new.job, new.slice, -1, new.version, new.data) on conflict do nothing;
        end if;
        return null;
        """);

    /// <summary>An encoder reuses its buffers, although results wait for their checkpoint.</summary>
    private static void PlantSharedBuffers(IServiceCollection services) => services.Decorate<IJobRecordEncoder>((inner, _) => new SharedBuffers(inner));

    /// <summary>Has jobs read user events by a reader that does wrong.</summary>
    private static void ShopReader(this IServiceCollection services, Func<IJobRecordReader<ShopEvent>, IJobRecordReader<ShopEvent>> decorate) =>
        services.Decorate<IJobRecordReaders>((inner, _) => new ShopReaders(inner, decorate));

    /// <summary>Changes what jobs keep, as another statement would: by a trigger, which acts on this silo's jobs alone.</summary>
    private static void JobTable(this IServiceCollection services, string table, string when, string body) => services.Decorate<JobServices>((inner, provider) =>
    {
        var options = provider.GetRequiredService<IOptions<EventStoreOptions>>().Value;
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString) { NoResetOnClose = true };
        text.Options = $"-c planted.jobs=on {text.Options}";
        var source = NpgsqlDataSource.Create(text);
        using var create = source.CreateCommand($$"""
            create or replace function {schema}.planted_{{table}}() returns trigger language plpgsql as $$
            begin
                if current_setting('planted.jobs', true) is distinct from 'on' then
                    return new;
                end if;
                {{body}}
            end $$;
            create or replace trigger planted {{when}} on {schema}.{{table}} for each row execute function {schema}.planted_{{table}}();
            """.Replace("{schema}", options.Schema, StringComparison.Ordinal));
        create.ExecuteNonQuery();
        return inner with { Store = new JobStore(source, options.Schema) };
    });

    private sealed class ShopReaders(IJobRecordReaders inner, Func<IJobRecordReader<ShopEvent>, IJobRecordReader<ShopEvent>> decorate) : IJobRecordReaders
    {
        public IJobRecordReader<T> Create<T>() => inner.Create<T>() is var reader && reader is IJobRecordReader<ShopEvent> shop ? (IJobRecordReader<T>)decorate(shop) : reader;
    }

    private sealed class NeverLate(IJobRecordReader<ShopEvent> inner) : IJobRecordReader<ShopEvent>
    {
        private DateTimeOffset _newest;

        public bool TryRead(ReadOnlyMemory<byte> value, out ShopEvent record)
        {
            if (!inner.TryRead(value, out record))
                return false;
            if (_newest - record.Timestamp > Old)
                record = record with { Timestamp = _newest };
            _newest = record.Timestamp > _newest ? record.Timestamp : _newest;
            return true;
        }

        public ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken) => inner.LoadAsync(value, cancellationToken);
    }

    private sealed class OneTooMany(IJobRecordReader<ShopEvent> inner) : IJobRecordReader<ShopEvent>
    {
        private bool _skips;

        public bool TryRead(ReadOnlyMemory<byte> value, out ShopEvent record)
        {
            if (_skips)
            {
                _skips = false;
                throw new RecordFormatException("planted");
            }

            try
            {
                return inner.TryRead(value, out record);
            }
            catch (FormatException)
            {
                _skips = true;
                throw;
            }
        }

        public async ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
        {
            try
            {
                await inner.LoadAsync(value, cancellationToken);
            }
            catch (FormatException)
            {
                _skips = true;
                throw;
            }
        }
    }

    /// <summary>A cache of strings that goes by a weak hash and the length, and does not compare.</summary>
    private sealed class MistakenKeys(IJobRecordReader<ShopEvent> inner) : IJobRecordReader<ShopEvent>
    {
        private readonly Dictionary<(int Length, int Hash), string> _strings = [];

        public bool TryRead(ReadOnlyMemory<byte> value, out ShopEvent record)
        {
            if (!inner.TryRead(value, out record))
                return false;
            var hash = (record.UserId.Length, record.UserId.Sum(c => c * c * c));
            if (!_strings.TryGetValue(hash, out var known))
                _strings.Add(hash, known = record.UserId);
            record = record with { UserId = known };
            return true;
        }

        public ValueTask LoadAsync(ReadOnlyMemory<byte> value, CancellationToken cancellationToken) => inner.LoadAsync(value, cancellationToken);
    }

    private sealed class SharedBuffers(IJobRecordEncoder inner) : IJobRecordEncoder
    {
        [ThreadStatic]
        private static Dictionary<(string Topic, int Length), byte[]>? _buffers;

        public int MaxBytes => inner.MaxBytes;

        public ValueTask PrepareAsync(string topic, Type recordType, CancellationToken cancellationToken) => inner.PrepareAsync(topic, recordType, cancellationToken);

        public byte[] Encode(string topic, Type recordType, object record)
        {
            var value = inner.Encode(topic, recordType, record);
            if (recordType == typeof(DomainEvent))
                return value;
            var buffers = _buffers ??= [];
            if (!buffers.TryGetValue((topic, value.Length), out var buffer))
                buffers.Add((topic, value.Length), buffer = new byte[value.Length]);
            value.CopyTo(buffer, 0);
            return buffer;
        }
    }
}
