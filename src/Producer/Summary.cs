using System.Globalization;
using System.Text.Json;
using Producer.Generation;
using Producer.Sending;

namespace Producer;

/// <summary>What a run sent, and how it went.</summary>
internal sealed class Summary(int seed)
{
    private static readonly RecordKind[] Injected = [.. Enum.GetValues<RecordKind>().Where(kind => kind >= RecordKind.NotAvro)];
    private readonly long[] _counts = new long[Enum.GetValues<RecordKind>().Length];

    public void Add(RecordKind kind) => _counts[(int)kind]++;

    public void Print(Settings settings, Sender sender, TimeSpan elapsed)
    {
        if (settings.Json)
            Console.WriteLine(Json(sender, elapsed));
        else
            Console.WriteLine(Text(sender, elapsed));
        if (sender.Sent > sender.Acknowledged)
            Console.Error.WriteLine($"{sender.Sent - sender.Acknowledged} records were not acknowledged: {sender.FirstError ?? "no answer from Kafka"}");
    }

    private static double Rate(Sender sender, TimeSpan elapsed) => sender.Acknowledged / Math.Max(elapsed.TotalSeconds, 0.001);

    private long Of(RecordKind kind) => _counts[(int)kind];

    private string Json(Sender sender, TimeSpan elapsed) => JsonSerializer.Serialize(new
    {
        seed,
        sent = sender.Sent,
        acknowledged = sender.Acknowledged,
        failed = sender.Sent - sender.Acknowledged,
        seconds = Math.Round(elapsed.TotalSeconds, 3),
        rate = Math.Round(Rate(sender, elapsed)),
        p50_ms = sender.Latency(50).TotalMilliseconds,
        p99_ms = sender.Latency(99).TotalMilliseconds,
        user_events = Of(RecordKind.UserEvent),
        transactions = Of(RecordKind.Transaction),
        duplicates = Of(RecordKind.Duplicate),
        poison = Injected.Sum(Of),
        poison_kinds = Injected.ToDictionary(kind => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()), Of),
        error = sender.FirstError,
    });

    private string Text(Sender sender, TimeSpan elapsed)
    {
        var poison = Injected.Sum(Of);
        var kinds = poison == 0 ? "" : $" ({string.Join(", ", Injected.Select(kind => string.Create(CultureInfo.InvariantCulture, $"{kind} {Of(kind):#,0}")))})";
        return string.Create(CultureInfo.InvariantCulture, $"""
            {sender.Acknowledged:#,0} records acknowledged in {elapsed.TotalSeconds:0.0} s ({Rate(sender, elapsed):#,0}/s), latency p50 {sender.Latency(50).TotalMilliseconds:0.0} ms, p99 {sender.Latency(99).TotalMilliseconds:0.0} ms
              user events {Of(RecordKind.UserEvent):#,0}   transactions {Of(RecordKind.Transaction):#,0}   duplicates {Of(RecordKind.Duplicate):#,0}   poison {poison:#,0}{kinds}   seed {seed}
            """);
    }
}
