using System.Diagnostics;

namespace Architecture.Tests.Deployment;

/// <summary>./dev from a folder of the caller's: a copy in a checkout that holds nothing, with a dotnet that tells what it would run.</summary>
public sealed class DevScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dev-").FullName;
    private readonly string _checkout;
    private readonly string _caller;

    public DevScriptTests()
    {
        _checkout = Path.Combine(_folder, "checkout");
        _caller = Directory.CreateDirectory(Path.Combine(_folder, "caller")).FullName;
        foreach (var folder in (string[])["src/AppHost/obj", "src/Cli/obj", "src/Producer/obj", "schemas", "docs"])
            Directory.CreateDirectory(Path.Combine(_checkout, folder));
        foreach (var file in (string[])["global.json", "Directory.Build.props", "docs/configuration.md"])
            File.WriteAllText(Path.Combine(_checkout, file), "");
        File.Copy(Repository.At("dev"), Path.Combine(_checkout, "dev"));
        var dotnet = Path.Combine(_folder, "dotnet");
        File.WriteAllText(dotnet, """
            #!/bin/sh
            case $1 in *.dll) shift; echo "$PWD: $*" ;; esac
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("status --data ./d")]
    [InlineData("tail user-events --data ./d")]
    [InlineData("produce --data=./d --events 1")]
    public async Task A_path_that_is_given_is_the_callers(string command) =>
        Assert.Equal($"{_caller}: {command.Replace("produce ", "", StringComparison.Ordinal)}", await DevAsync(command));

    [Theory]
    [InlineData("status", "status --data {0}")]
    [InlineData("env", "env --data {0}")]
    [InlineData("audit --certificate day.json", "audit --certificate day.json --data {0}")]
    [InlineData("topics grow user-events", "topics grow user-events --data {0}")]
    [InlineData("produce --events 1", "--events 1 --data {0}")]
    public async Task The_data_folder_is_the_checkouts_wherever_the_caller_stands(string command, string run) =>
        Assert.Equal($"{_caller}: {run.Replace("{0}", Path.Combine(_checkout, ".data"), StringComparison.Ordinal)}", await DevAsync(command));

    private async Task<string> DevAsync(string command)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(_checkout, "dev"), .. command.Split(' ')]) { WorkingDirectory = _caller, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}";
        using var dev = Process.Start(start)!;
        var said = await dev.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await dev.WaitForExitAsync(TestContext.Current.CancellationToken);
        return said.TrimEnd();
    }
}
