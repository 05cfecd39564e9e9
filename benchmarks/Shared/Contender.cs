using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using AppHost.Processes;

namespace Shared;

/// <summary>Contenders run in fresh processes, and say in their logs what they found out about themselves.</summary>
public static class Contender
{
    private static int _number;

    /// <summary>Starts this very program again.</summary>
    /// <param name="name">What it is called in messages and logs.</param>
    /// <param name="folder">Where its log goes.</param>
    /// <param name="arguments">Its arguments, a command first.</param>
    public static Task<OwnedProcess> StartAsync(string name, string folder, params string[] arguments) =>
        StartProgramAsync(name, folder, ["dotnet", Assembly.GetEntryAssembly()!.Location, .. arguments]);

    /// <summary>Starts any program.</summary>
    public static Task<OwnedProcess> StartProgramAsync(string name, string folder, string[] command) =>
        OwnedProcess.StartAsync(name, command, Path.Combine(folder, $"{name.Replace(' ', '-')}-{++_number}.log"));

    /// <summary>Waits until a process has said that it is ready.</summary>
    public static async Task UntilReadyAsync(this OwnedProcess process, CancellationToken cancellationToken)
    {
        while (!File.Exists(process.LogFile) || !File.ReadLines(process.LogFile).Contains("ready"))
        {
            if (process.HasExited)
                throw process.Broken();
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>The number that a process said after some words.</summary>
    public static double Number(this OwnedProcess process, string after)
    {
        var match = Regex.Match(File.ReadAllText(process.LogFile), $"{Regex.Escape(after)}([0-9.]+)");
        return match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw process.Broken();
    }

    /// <summary>What to say of a process that has failed.</summary>
    public static InvalidOperationException Broken(this OwnedProcess process) =>
        new($"{process.Name} gave no result. Its last words:{Environment.NewLine}{process.LogTail()}");
}
