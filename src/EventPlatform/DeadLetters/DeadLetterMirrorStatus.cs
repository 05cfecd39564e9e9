using System.Diagnostics.Metrics;

namespace EventPlatform.DeadLetters;

/// <summary>How far this silo's mirror of the dead letters is; also as metrics.</summary>
public sealed class DeadLetterMirrorStatus : IDisposable
{
    private readonly Meter _meter = new("EventPlatform");
    private readonly Counter<long> _published;
    private long _waiting;
    private volatile string? _error;

    /// <summary>Registers the metrics.</summary>
    public DeadLetterMirrorStatus()
    {
        _published = _meter.CreateCounter<long>("streaming.deadletters.mirrored", "{record}", "Dead letters published to their topic.");
        _meter.CreateObservableGauge("streaming.deadletters.unmirrored", () => Waiting, "{record}", "Dead letters that are not on their topic yet, of all silos.");
    }

    /// <summary>Dead letters that are not on the topic yet, as far as is known.</summary>
    public long Waiting
    {
        get => Interlocked.Read(ref _waiting);
        internal set => Interlocked.Exchange(ref _waiting, value);
    }

    /// <summary>Why they cannot be published, or null.</summary>
    public string? Error
    {
        get => _error;
        internal set => _error = value;
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Published(int letters) => _published.Add(letters);
}
