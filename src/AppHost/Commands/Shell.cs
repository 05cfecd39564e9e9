namespace AppHost.Commands;

/// <summary>What a shell is to read.</summary>
internal static class Shell
{
    /// <summary>A word as it is typed: in quotes where it needs them.</summary>
    public static string Quoted(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or ':' or '-' or '_')
        ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
