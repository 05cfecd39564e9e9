using System.Diagnostics.Metrics;
using Api.Live;

namespace Api.Hosting;

/// <summary>What the API counts itself; requests are counted by ASP.NET Core.</summary>
internal sealed class ApiMetrics : IDisposable
{
    public const string MeterName = "Api";
    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _ingested;

    public ApiMetrics(LiveClients clients)
    {
        _ingested = _meter.CreateCounter<long>("api.ingest.records", "{record}", "Records taken over HTTP and acknowledged by Kafka.");
        _meter.CreateObservableGauge("api.live.clients", () => clients.Count, "{client}", "Clients of the live feed.");
    }

    public void Ingested(string topic, int records) => _ingested.Add(records, new KeyValuePair<string, object?>("topic", topic));

    public void Dispose() => _meter.Dispose();
}
