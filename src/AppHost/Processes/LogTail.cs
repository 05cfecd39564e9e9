namespace AppHost.Processes;

/// <summary>The end of a log, for messages: a program that does not start has usually said why.</summary>
public static class LogTail
{
    /// <summary>The last lines of a file, or nothing when it is not there.</summary>
    public static string Of(string file, int lines = 15) =>
        File.Exists(file) ? string.Join(Environment.NewLine, File.ReadLines(file).TakeLast(lines)) : "";
}
