using Microsoft.Extensions.Logging;

namespace EventStore.Projections;

/// <summary>What projections say. Event ids 2200 to 2299.</summary>
internal sealed partial class ProjectionLog(ILogger<ProjectionLog> logger)
{
    [LoggerMessage(2200, LogLevel.Information, "Projection '{Name}' version {Version} is now run here (generation {Generation}, at {Position}).")]
    public partial void Started(string name, int version, int generation, string position);

    [LoggerMessage(2201, LogLevel.Error, "Projection '{Name}' version {Version} failed and stopped at event {Sequence} ('{EventType}' of stream '{StreamKey}'). Fix the cause, then resume it; or resume it past that event.")]
    public partial void Failed(Exception error, string name, int version, long? sequence, string? streamKey, string? eventType);

    [LoggerMessage(2202, LogLevel.Information, "Projection '{Name}' version {Version} pauses here: {Reason}. Another runner was faster, or an operator changed it.")]
    public partial void LostRace(string name, int version, string reason);

    [LoggerMessage(2203, LogLevel.Information, "Projection '{Name}' version {Version} has caught up and is read from now on (generation {Generation}).")]
    public partial void Switched(string name, int version, int generation);

    [LoggerMessage(2204, LogLevel.Warning, "Projection '{Name}' version {Version} is not part of this program: nothing runs it here. Deploy a program that has it, or remove it with a clean-up or a cancelled replay.")]
    public partial void NotRegistered(string name, int version);

    [LoggerMessage(2205, LogLevel.Warning, "Projection '{Name}' could not be looked after: {Error}. It is tried again.")]
    public partial void KeepAliveFailed(string name, string error);

    [LoggerMessage(2206, LogLevel.Error, "Marten's high-water mark stands still at {Mark} while the newest event is {Newest}: an event above it has waited for {Seconds:F0} s. Projections cannot go on past it. An open transaction may hold it: look for old ones in pg_stat_activity.")]
    public partial void Stalled(long mark, long newest, double seconds);

    [LoggerMessage(2207, LogLevel.Information, "Marten's high-water mark moves again, at {Mark}.")]
    public partial void MovesAgain(long mark);

    [LoggerMessage(2208, LogLevel.Information, "Projection '{Name}' has version {Version} in this program and {Active} in the store: the new one is built beside it.")]
    public partial void BuildsNewVersion(string name, int version, int active);

    [LoggerMessage(2209, LogLevel.Warning, "Event {Sequence} is a '{EventType}', which this program does not know, of a newer version of it, it seems: it was stored since this one began, or a silo that runs knows it (one of an older version, where this one has no such event any more). The projection or subscriber of {EventNames} waits before it here, and goes on in a silo of the newer version once this one stops. If the newer version was taken back, restart this silo a minute after the last one of the newer version has ended: it passes over such events then.")]
    public partial void NewerEvent(long sequence, string eventType, string eventNames);

    [LoggerMessage(2210, LogLevel.Information, "Table {Table} of an earlier generation of projection '{Name}' is in use, by a backup or the like, and stays for now. It is dropped when the projection is next run or built.")]
    public partial void TableInUse(string name, string table);
}
