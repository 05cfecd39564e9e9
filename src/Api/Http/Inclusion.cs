using System.ComponentModel;
using System.Globalization;
using Api.Hosting;
using Api.Topics;
using EventStore;
using Microsoft.AspNetCore.Mvc;

namespace Api.Http;

/// <summary>Asks for an answer that includes a record: what a client has just sent, it can read.</summary>
internal sealed record Inclusion(
    [property: FromQuery(Name = "includes"), Description("A record that the answer must include, as POST /events gave its place: topic/partition@offset.")] string? Includes,
    [property: FromQuery(Name = "wait"), Description("For how long to wait for it, in seconds, up to Api:RequestTimeout; 5 unless given. Then 504.")] string? Wait)
{
    public const string Text = " With `includes=topic/partition@offset`, the place that `POST /events` gave, it answers as soon as that record has been read.";

    private const int DefaultWait = 5;

    /// <summary>The shortest pause between two looks, in milliseconds; they become rarer, so that many who wait for something slow don't make it slower.</summary>
    private const double Pause = 4;

    private const double LongestPause = 250;

    /// <summary>Reads until the answer includes the record.</summary>
    /// <typeparam name="T">The answer.</typeparam>
    /// <param name="read">Reads; null when there is nothing yet.</param>
    /// <param name="positions">How far an answer has read each partition.</param>
    /// <param name="incarnations">Which topic it is: a record of one that was created again has the place of a former one.</param>
    /// <param name="options">How long a request may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <returns>The answer, or null when there is none; or the problem to answer with.</returns>
    public async Task<(T? Answer, IResult? Problem)> ReadAsync<T>(
        Func<Task<T?>> read, Func<T, IReadOnlyList<RecordCoordinates>> positions, TopicIncarnations incarnations, ApiOptions options, TimeProvider time, CancellationToken cancellationToken)
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
        var incarnation = await incarnations.OfAsync(place.Topic, cancellationToken);
        for (var begun = time.GetTimestamp(); ;)
        {
            if (await read() is { } answer && positions(answer).Any(p => p.Topic == place.Topic && p.Incarnation == incarnation && p.Partition == place.Partition && p.Offset >= place.Offset))
                return (answer, null);
            var elapsed = time.GetElapsedTime(begun);
            if (elapsed >= wait)
                return (null, Problems.Timeout($"{Includes} has not been read within {wait.TotalSeconds} s: it waits in Kafka (see the lag in /topics), or is no record of this one."));
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(elapsed.TotalMilliseconds / 10, Pause, LongestPause)), time, cancellationToken);
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
