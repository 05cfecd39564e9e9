using StreamJobs.Engine;
using StreamJobs.Running;

namespace StreamJobs;

/// <summary>
/// A declared job: which records it reads, how it groups them in keys and time, and what it computes. Made with <see cref="Named"/>; a mistake
/// throws where it is declared, with the job's name.
/// </summary>
public abstract class Job
{
    private readonly List<TopicSink> _topics = [];

    private protected Job(string name, string topic, Type recordType, JobTime time, Window window, TimeSpan allowedLateness, bool isMerged)
    {
        (Name, Topic, RecordType, Time, Window, AllowedLateness, IsMerged) = (name, topic, recordType, time, window, allowedLateness, isMerged);
    }

    /// <summary>The job's name, in lower case with hyphens: its address at <c>/jobs/{name}</c>.</summary>
    public string Name { get; }

    /// <summary>The logical name of the topic that it reads.</summary>
    public string Topic { get; }

    /// <summary>What the topic's records decode to for this job.</summary>
    public Type RecordType { get; }

    /// <summary>What a result is.</summary>
    public abstract Type ResultType { get; }

    /// <summary>How records are grouped in time.</summary>
    public Window Window { get; }

    /// <summary>How long after a window's end a record still corrects its result, in event time.</summary>
    public TimeSpan AllowedLateness { get; }

    /// <summary>Whether keys are spread over partitions, so that their parts are merged at the smallest watermark.</summary>
    public bool IsMerged { get; }

    /// <summary>The topics that results go to.</summary>
    public IEnumerable<string> ResultTopics => _topics.Select(t => t.Topic);

    /// <summary>The topics that results go to, and what they are written as.</summary>
    public IEnumerable<(string Topic, Type RecordType)> ResultRecords => _topics.Select(t => (t.Topic, t.RecordType));

    /// <summary>The topic that late records go to as they came, or null: then they are only counted.</summary>
    public virtual string? LateTopic { get; private protected set; }

    /// <summary>The jobs that run for this one and write what it reads: a join has two.</summary>
    public virtual IEnumerable<Job> Feeders => [];

    /// <summary>Whether its results are a join's input, and nobody else's.</summary>
    internal virtual bool IsFeeder => false;

    /// <summary>Whether the results of closed windows are in topics alone, and not served.</summary>
    public bool IsOnlyToTopics { get; private protected set; }

    /// <summary>For how long final results are kept in the table, in event time; null for ever.</summary>
    public TimeSpan? ResultsKept { get; private protected set; }

    /// <summary>Whether its final results are written into the lake.</summary>
    public bool IsInLake { get; private protected set; }

    /// <summary>Whether time is the clock of who takes the records, and not the records' own.</summary>
    public bool IsByArrival => Time.Timestamp is null;

    /// <summary>How long its records may be out of order.</summary>
    public TimeSpan WatermarkDelay => Time.Delay;

    /// <summary>What its kept state looks like: its windows, and the columns of its aggregates. State of another shape is never read as if it fitted.</summary>
    public abstract string StateShape { get; }

    internal JobTime Time { get; }

    /// <summary>How keyed state is written down, for <see cref="StateShape"/>: what was kept otherwise does not fit.</summary>
    private protected const string StateFormat = "format 2, ";

    private protected IReadOnlyList<TopicSink> TopicSinks => _topics;

    /// <summary>Begins the declaration of a job.</summary>
    /// <param name="name">Lower-case letters, digits and hyphens, beginning with a letter, at most 55.</param>
    /// <exception cref="JobDefinitionException">It is no such name.</exception>
    public static JobStart Named(string name) =>
        name is { Length: > 0 and <= 55 } && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? new(name)
            : throw new JobDefinitionException(name ?? "", "a job's name is lower-case letters, digits and hyphens, begins with a letter and has at most 55 of them");

    /// <summary>The topics that its records come from, which nothing of its own may go to.</summary>
    private protected IEnumerable<string> Sources => Feeders.Select(f => f.Topic).Prepend(Topic);

    /// <summary>The job on a partition of its topic.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="encoder">Writes results for topics. Null, in the harness: no topic gets any.</param>
    /// <param name="partitionsOf">How many partitions a topic has, by its logical name; null while that is not known.</param>
    internal abstract PartitionJob CreatePartition(int partition, IJobRecordEncoder? encoder, Func<string, int?> partitionsOf);

    internal abstract MergedJob CreateMerger(IJobRecordEncoder? encoder = null);

    private protected void AddTopic(TopicSink sink)
    {
        if (string.IsNullOrWhiteSpace(sink.Topic))
            throw new JobDefinitionException(Name, "a sink's topic has no name");
        if (Sources.Contains(sink.Topic))
            throw new JobDefinitionException(Name, $"its results would go to '{sink.Topic}', which it reads");
        if (_topics.Any(t => t.Topic == sink.Topic))
            throw new JobDefinitionException(Name, $"its results go to topic '{sink.Topic}' twice");
        _topics.Add(sink);
    }
}

/// <summary>When records happened, and how far out of order they may be.</summary>
/// <param name="Timestamp">Reads it of a record; null where time is the clock.</param>
/// <param name="Delay">How far out of order.</param>
/// <param name="MaxAhead">How far ahead of the record's Kafka timestamp.</param>
internal sealed record JobTime(Delegate? Timestamp, TimeSpan Delay, TimeSpan MaxAhead);

/// <summary>A topic that results go to, and how a result becomes a record.</summary>
internal sealed record TopicSink(string Topic, Delegate ToRecord, Type RecordType);
