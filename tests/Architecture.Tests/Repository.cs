using System.Runtime.CompilerServices;

namespace Architecture.Tests;

/// <summary>The files that these tests judge.</summary>
internal static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = Find(Path.GetDirectoryName(ThisFile())!);

    public static string At(string path) => Path.Combine(Root, path);

    public static string Read(string path) => File.ReadAllText(At(path));

    /// <summary>Files below a folder, by pattern, without what builds leave; paths relative to the root, with slashes.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(At(folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or ".git" or ".data"));

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Orleans.Streaming.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
