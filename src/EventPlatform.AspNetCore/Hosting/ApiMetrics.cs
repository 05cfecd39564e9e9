using System.Diagnostics.Metrics;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>What the API counts itself; requests are counted by ASP.NET Core.</summary>
internal sealed class ApiMetrics : IDisposable
{
    public const string MeterName = "Api";
    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _ingested;

    public ApiMetrics() =>
        _ingested = _meter.CreateCounter<long>("api.ingest.records", "{record}", "Records taken over HTTP and acknowledged by Kafka.");

    public void Ingested(string topic, int records) => _ingested.Add(records, new KeyValuePair<string, object?>("topic", topic));

    public void Dispose() => _meter.Dispose();
}
