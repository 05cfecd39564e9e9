using System.Globalization;
using AppHost.Running;

namespace AppHost.Commands;

/// <summary>What a host in the background says: its log has the time before each line, which whoever waits for it needs not see.</summary>
internal sealed class HostLog : IDisposable
{
    private readonly StreamReader _said;

    private HostLog(string file) => _said = new StreamReader(new FileStream(file, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));

    /// <summary>Opens a log at its beginning.</summary>
    public static HostLog FromBegin(string file) => new(file);

    /// <summary>Opens a log at its end; null when there is none.</summary>
    public static HostLog? FromEnd(string file)
    {
        if (!File.Exists(file))
            return null;
        var log = new HostLog(file);
        log._said.BaseStream.Seek(0, SeekOrigin.End);
        return log;
    }

    /// <summary>The next line without its time, or null when nothing more was said yet.</summary>
    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = await _said.ReadLineAsync(cancellationToken);
        var length = Narrator.TimeFormat.Replace("'", "", StringComparison.Ordinal).Length;
        return line?.Length >= length
            && DateTime.TryParseExact(line[..length], Narrator.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? line[length..] : line;
    }

    public void Dispose() => _said.Dispose();
}
