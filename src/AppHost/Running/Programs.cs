using System.Runtime.InteropServices;

namespace AppHost.Running;

/// <summary>Finds our programs: published, beside this one; built, in their projects' output.</summary>
public static class Programs
{
    /// <summary>The command that runs one of our programs, e.g. <c>Silo</c>.</summary>
    /// <exception cref="InvalidOperationException">It was not built.</exception>
    public static string[] Command(string program, params string[] arguments)
    {
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var (framework, configuration) = (Path.GetFileName(here), Path.GetFileName(Path.GetDirectoryName(here)));
        string[] candidates =
        [
            Path.Combine(here, program, $"{program}.dll"),
            .. Parents(here).Select(parent => Path.Combine(parent, "src", program, "bin", configuration ?? "", framework, $"{program}.dll")),
        ];
        var found = candidates.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException(
            $"{program} was not built: there is no {candidates[0]}, and no build output of src/{program} above it. Build src/AppHost, which builds it too.");
        return [Dotnet, found, .. arguments];
    }

    /// <summary>The runtime that runs us.</summary>
    public static string Dotnet { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..", "dotnet"));

    /// <summary>The folders above one, the nearest first.</summary>
    public static IEnumerable<string> Parents(string folder)
    {
        for (var parent = Path.GetDirectoryName(folder); parent is not null; parent = Path.GetDirectoryName(parent))
            yield return parent;
    }
}
