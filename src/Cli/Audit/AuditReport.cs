using System.Globalization;
using System.Text.Json;

namespace Cli.Audit;

/// <summary>What an audit found.</summary>
/// <param name="target">What was compared with what.</param>
internal sealed class AuditReport(AuditTarget target)
{
    private const int MostTold = 50;
    private readonly List<string> _told = [];
    private long _untold;
    private long _unread;

    public List<PartitionResult> Partitions { get; } = [];

    /// <summary>Events of commands, which lie on no topic.</summary>
    public long CommandEvents { get; set; }

    /// <summary>HTTP answers compared.</summary>
    public long Answers { get; set; }

    /// <summary>Documents of projections compared.</summary>
    public long Documents { get; set; }

    /// <summary>Differences that belong to no partition.</summary>
    public long Differing { get; private set; }

    /// <summary>Says what could not be checked.</summary>
    public void Unread(string what)
    {
        _unread++;
        Tell(what);
    }

    public void Differ(string what)
    {
        Differing++;
        Tell(what);
    }

    public void Tell(string what)
    {
        if (_told.Count < MostTold)
            _told.Add(what);
        else
            _untold++;
    }

    /// <summary>Prints the report.</summary>
    /// <returns>The exit code.</returns>
    public int Print(bool json)
    {
        var bad = Differing + Partitions.Sum(p => p.Lost + p.Reordered + p.Differing);
        var read = Partitions.Sum(p => p.Read);
        var missing = Partitions.Sum(p => p.Missing);
        var exit = bad > 0 ? 1 : read == 0 || missing > 0 || _unread > 0 ? 2 : 0;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    kafka = target.Kafka,
                    postgres = target.Store,
                    api = target.Api,
                    partitions = Partitions,
                    read,
                    stored = Partitions.Sum(p => p.Stored),
                    duplicate = Partitions.Sum(p => p.Duplicate),
                    no_event = Partitions.Sum(p => p.NoEvent),
                    dead = Partitions.Sum(p => p.Dead),
                    lost = Partitions.Sum(p => p.Lost),
                    reordered = Partitions.Sum(p => p.Reordered),
                    differing = Differing + Partitions.Sum(p => p.Differing),
                    missing,
                    command_events = CommandEvents,
                    documents = Documents,
                    answers = Answers,
                    findings = _told,
                    exit,
                },
                new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }));
            return exit;
        }

        Console.WriteLine(target);
        PrintTable();
        foreach (var line in _told)
            Console.WriteLine($"  ! {line}");
        if (_untold > 0)
            Console.WriteLine($"  ! ... and {_untold} more");
        Console.WriteLine($"{CommandEvents} events of commands; {Documents} documents of projections and {Answers} HTTP answers compared; {Differing} differences outside of the partitions");
        if (missing > 0)
            Console.WriteLine($"Kafka has dropped {missing} records (retention): only what it still has is covered.");
        Console.WriteLine(exit switch
        {
            0 => $"All is well: {read} records read, each with exactly one trace.",
            1 => $"{bad} differences: see above.",
            _ => read == 0 ? "Nothing was read: there is nothing to say." : "What could be checked is well, but not all could be.",
        });
        return exit;
    }

    private void PrintTable()
    {
        string[] columns = ["read", "stored", "duplicate", "no event", "dead", "lost", "reordered", "differing"];
        Console.WriteLine($"{"partition",-20}{string.Concat(columns.Select(c => $"{c,11}"))}");
        foreach (var p in Partitions)
            Row($"{p.Topic}/{p.Partition}", [p.Read, p.Stored, p.Duplicate, p.NoEvent, p.Dead, p.Lost, p.Reordered, p.Differing]);
        Row("all", [
            Partitions.Sum(p => p.Read), Partitions.Sum(p => p.Stored), Partitions.Sum(p => p.Duplicate), Partitions.Sum(p => p.NoEvent),
            Partitions.Sum(p => p.Dead), Partitions.Sum(p => p.Lost), Partitions.Sum(p => p.Reordered), Partitions.Sum(p => p.Differing),
        ]);
    }

    private static void Row(string name, long[] numbers) =>
        Console.WriteLine($"{name,-20}{string.Concat(numbers.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n,11:#,0}")))}");
}
