using System.Diagnostics.Metrics;
using EventPlatform.AspNetCore.Hosting;

namespace Api.Live;

/// <summary>What the live feed counts.</summary>
internal sealed class LiveMetrics : IDisposable
{
    private readonly Meter _meter = new(ApiMetrics.MeterName);

    public LiveMetrics(LiveClients clients) =>
        _meter.CreateObservableGauge("api.live.clients", () => clients.Count, "{client}", "Clients of the live feed.");

    public void Dispose() => _meter.Dispose();
}
