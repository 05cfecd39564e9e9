using System.Globalization;
using System.Text;
using EventStore.Aggregates;

namespace EventStore.Tests.Aggregates;

/// <summary>One diary: its grain, its faults, and records for it.</summary>
public class DiaryDriver(IDiaryGrain grain, FaultyStore faults, string key)
{
    public IDiaryGrain Grain => grain;

    public string Key => key;

    public string StreamKey => $"diary/{key}";

    /// <summary>How often an append to this diary was tried.</summary>
    public int Attempts => faults.Attempts(StreamKey);

    public Task TakeAsync(params IncomingRecord<DiaryRecord>[] batch)
    {
        var id = Guid.NewGuid();
        DiaryGrain.Inbox[id] = batch;
        return grain.Take(id);
    }

    public Task<string?> ReprocessAsync(IncomingRecord<DiaryRecord> record)
    {
        var id = Guid.NewGuid();
        DiaryGrain.Inbox[id] = [record];
        return grain.Reprocess(id);
    }

    public void Break(params Fault[] next) => faults.Break(StreamKey, next);

    public void Mend() => faults.Mend(StreamKey);

    /// <summary>Ends the activation, as a crash or an idle hour would, and waits for the next one.</summary>
    public async Task RestartAsync()
    {
        var old = await grain.Activation();
        await grain.Leave();
        var started = TimeProvider.System.GetTimestamp();
        while (await grain.Activation() == old)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started).TotalSeconds < 10, $"no new activation of {StreamKey} within 10 s");
            await Task.Yield();
        }
    }

    public IncomingRecord<DiaryRecord> Note(long offset, string? text = null, string? id = null) => At(offset, Entry.Note, text ?? $"n{offset}", id);

    /// <summary>A record at an offset. Its id, if not a UUID, is one of this diary's own: ids are unique in the whole store.</summary>
    public IncomingRecord<DiaryRecord> At(long offset, Entry entry, string text, string? id = null) => new()
    {
        Coordinates = new("diaries", $"first-{key}", 0, offset),
        Key = key,
        Value = new(entry, text),
        EventId = Guid.TryParse(id, out _) ? id : $"{key}:{id ?? offset.ToString(CultureInfo.InvariantCulture)}",
        Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(offset),
        SchemaId = 7,
        Payload = Encoding.UTF8.GetBytes($"12345{entry}:{text}"),
        DigestOffset = 5,
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
}
