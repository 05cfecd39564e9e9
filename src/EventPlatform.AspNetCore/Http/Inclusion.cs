using System.ComponentModel;
using System.Globalization;
using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Topics;
using EventStore;
using Microsoft.AspNetCore.Mvc;

namespace EventPlatform.AspNetCore.Http;

/// <summary>Asks for an answer that includes a record: what a client has just sent, it can read.</summary>
internal sealed record Inclusion(
    [property: FromQuery(Name = "includes"), Description("A record that the answer must include, as POST /events gave its place: topic/partition@offset.")] string? Includes,
    [property: FromQuery(Name = "wait"), Description("For how long to wait for it, in seconds, up to Api:RequestTimeout; 5 unless given. Then 504.")] string? Wait)
{
    public const string Text = " With `includes=topic/partition@offset`, the place that `POST /events` gave, it answers as soon as that record has been read.";

    private const int DefaultWait = 5;

    /// <summary>The longest that a grain is asked to wait: it may have to move to another silo.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    /// <summary>Reads until the answer includes the record.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="read">Reads; null when there is nothing yet.</param>
    /// <param name="readIncluding">Reads as soon as the answer includes a record, or as it is after a while.</param>
    /// <param name="positions">How far an answer has read each partition.</param>
    /// <param name="incarnations">Which topic it is: a record of one that was created again has the place of a former one.</param>
    /// <param name="options">How long a request may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <returns>The answer, or null when there is none; or the problem to answer with.</returns>
    public async Task<(T? Answer, IResult? Problem)> ReadAsync<T>(
        Func<Task<T?>> read, Func<RecordCoordinates, TimeSpan, Task<T?>> readIncluding, Func<T, IReadOnlyList<RecordCoordinates>> positions, TopicIncarnations incarnations, ApiOptions options, TimeProvider time, CancellationToken cancellationToken)
        where T : class
    {
        if (Includes is null)
            return (await read(), null);
        var checks = new Checks();
        var longest = (int)options.RequestTimeout.TotalSeconds - 1; // the answer must be there before it
        var wait = TimeSpan.FromSeconds(checks.Int("wait", Wait, 0, longest, Math.Min(DefaultWait, longest)));
        var place = Parse(checks);
        if (checks.Problem is { } problem)
            return (null, problem);
        var turn = Turn < options.ClusterTimeout / 2 ? Turn : options.ClusterTimeout / 2;
        var begun = time.GetTimestamp();
        while (true)
        {
            var record = new RecordCoordinates(place.Topic, await incarnations.OfAsync(place.Topic, cancellationToken) ?? "", place.Partition, place.Offset);
            var left = wait - time.GetElapsedTime(begun);
            var answer = await LookAsync(() => readIncluding(record, left < turn ? left : turn), left);
            if (answer is not null && positions(answer).Any(p => (p.Topic, p.Incarnation, p.Partition) == (record.Topic, record.Incarnation, record.Partition) && p.Offset >= record.Offset))
                return (answer, null);
            if (time.GetElapsedTime(begun) >= wait)
                return (null, Problems.Timeout($"{Includes} has not been read within {wait.TotalSeconds} s: it waits in Kafka (see the lag in /topics), or is no record of this one."));
        }

        // A silo that died does not say so: while there is time, the grain is asked again, where it is then.
        async Task<T?> LookAsync(Func<Task<T?>> look, TimeSpan left)
        {
            var isLast = left <= turn * 2;
            try
            {
                return await look().WaitAsync(isLast ? options.ClusterTimeout : turn * 2, time, cancellationToken);
            }
            catch (TimeoutException) when (!isLast)
            {
                return null;
            }
        }
    }

    private (string Topic, int Partition, long Offset) Parse(Checks checks)
    {
        var (slash, at) = (Includes!.LastIndexOf('/'), Includes.LastIndexOf('@'));
        if (slash > 0 && at > slash
            && int.TryParse(Includes.AsSpan((slash + 1)..at), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(Includes.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            return (Includes[..slash], partition, offset);
        checks.Add("includes", $"'{Includes}' is no place of a record: topic/partition@offset, such as user-events/2@854.");
        return default;
    }
}
