using System.Globalization;
using System.Runtime.InteropServices;
using AppHost.Processes;
using Grains.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Streams.Kafka;

namespace Memory;

/// <summary>Has a silo say each second what its memory holds; SIGCONT has it collect all that can be.</summary>
internal sealed class Vitals(IGrainFactory grains, IKafkaStreamsStatus streams) : BackgroundService
{
    /// <summary>Until a user without events is forgotten. A silo's default is 15 minutes, which only makes it take longer.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    public static void AddTo(ISiloBuilder silo)
    {
        silo.Configure<GrainCollectionOptions>(o => (o.CollectionAge, o.CollectionQuantum) = (Idle, TimeSpan.FromSeconds(10)));
        silo.Services.AddHostedService<Vitals>();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not to be mistaken for a leak: what the collector has had no reason to look for yet.
        using var collect = PosixSignalRegistration.Create((PosixSignal)PosixSignalNumber.Cont, _ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true));
        var management = grains.GetGrain<IManagementGrain>(0);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var users = (await management.GetSimpleGrainStatistics(stoppingToken)).Where(s => s.GrainType.Contains(nameof(UserGrain), StringComparison.Ordinal)).Sum(s => s.ActivationCount);
            var gc = GC.GetGCMemoryInfo();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"vitals {users} {gc.HeapSizeBytes} {gc.TotalCommittedBytes} {streams.Partitions.Sum(p => (long)p.Outstanding)} {streams.Partitions.Sum(p => p.OutstandingBytes)}"));
        }
    }
}
