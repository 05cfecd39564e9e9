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
            case $1 in
              *.dll) shift; echo "$PWD: $*" ;;
              build)
                echo "$2" >>"$(dirname "$0")/builds"
                [ ! -e "$(dirname "$0")/broken" ] || exit 1
                mkdir -p "$2/bin/Release/net10.0" && echo built >"$2/bin/Release/net10.0/$(basename "$2").dll" ;;
            esac
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

    [Fact]
    public async Task What_nobody_else_has_built_is_built_once()
    {
        await DevAsync("tail user-events");
        Write("src/Api/bin/Release/net10.0/schemas/versions/orders/1.avsc"); // what a program registers while it runs
        await DevAsync("tail user-events");
        Assert.Equal(["src/Cli"], Builds());
    }

    [Theory]
    [InlineData("src/Cli/bin/Release/net10.0/Cli.dll")]
    [InlineData("src/Silo/bin/Release/net10.0/Silo.dll")]
    [InlineData("src/Cli/bin/Release/net10.0/schemas/user_event.avsc")]
    public async Task What_another_build_has_written_is_built_again(string written)
    {
        await DevAsync("tail user-events");
        Write(written);
        File.SetLastWriteTimeUtc(Path.Combine(_checkout, written), DateTime.UnixEpoch); // as a copy that keeps the times of its source
        for (var i = 0; i < 2; i++)
            await DevAsync("tail user-events");
        Assert.Equal(["src/Cli", "src/Cli"], Builds());
    }

    [Fact]
    public async Task Sources_that_changed_are_built_also_when_they_change_back()
    {
        foreach (var content in (string[])["old", "new", "old"])
        {
            await File.WriteAllTextAsync(Path.Combine(_checkout, "docs/configuration.md"), content, TestContext.Current.CancellationToken);
            await DevAsync("tail user-events");
        }

        Assert.Equal(3, Builds().Length);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("env")]
    [InlineData("down")]
    public async Task What_runs_is_asked_and_stopped_also_while_the_sources_do_not_compile(string command)
    {
        Write("src/AppHost/bin/Release/net10.0/AppHost.dll");
        await File.WriteAllTextAsync(Path.Combine(_folder, "broken"), "", TestContext.Current.CancellationToken);
        Assert.Equal($"{_caller}: {command} --data ./d", await DevAsync($"{command} --data ./d"));
        Assert.Empty(Builds());
    }

    [Theory]
    [InlineData(true, "up -- ConnectionStrings:Postgres=host=db")]
    [InlineData(true, "up --no-demo -- connectionstrings:postgres=Server=db")]
    [InlineData(false, "up -- ConnectionStrings:Postgres=")]
    [InlineData(false, "up -- Kafka:Client:client.id=Host=")]
    [InlineData(true, "up ConnectionStrings:Postgres=host=db")]
    [InlineData(true, "up", null, "host=db")]
    [InlineData(true, "up --data ./d", """{ "ConnectionStrings": { "Postgres": "Server=db" } }""")]
    [InlineData(true, "up --data=./d", """{ "connectionStrings:postgres" : "Server=db" }""")]
    [InlineData(false, "up", """{ "ConnectionStrings": { "Postgres": "Server=db" } }""")] // another folder's
    [InlineData(false, "up --data ./d", """{ "ConnectionStrings": { "Postgres": "" } }""")]
    [InlineData(false, "up")]
    public async Task A_database_that_is_given_is_known_however_it_is_given(bool given, string command, string? settings = null, string? environment = null)
    {
        Directory.CreateDirectory(Path.Combine(_caller, "d"));
        if (settings is not null)
            await File.WriteAllTextAsync(Path.Combine(_caller, "d", "settings.json"), settings.Replace(": {", ":\n {", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Assert.Equal(given, await IsTrueAsync("has_store", command, environment));
    }

    [Theory]
    [InlineData(true, "up --help")]
    [InlineData(true, "up --no-demo -h")]
    [InlineData(true, "up -?")]
    [InlineData(false, "up --no-demo")]
    [InlineData(false, "up -- My:Switch=-h -h")]
    public async Task Who_only_asks_for_help_is_known(bool asks, string command) => Assert.Equal(asks, await IsTrueAsync("wants_help", command));

    private void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_checkout, file))!);
        File.WriteAllText(Path.Combine(_checkout, file), "written");
    }

    private string[] Builds() =>
        File.Exists(Path.Combine(_folder, "builds")) ? [.. File.ReadLines(Path.Combine(_folder, "builds")).Select(project => Path.GetRelativePath(_checkout, project))] : [];

    // One of the script's functions: whether Postgres is installed depends on the machine.
    private async Task<bool> IsTrueAsync(string function, string command, string? environment = null)
    {
        const string Functions = """source /dev/stdin <<<"$(sed '/^case ${1:-} in/,$d' "$0")"; root=/nowhere; "$@" """;
        var start = new ProcessStartInfo("bash", ["-c", Functions, Path.Combine(_checkout, "dev"), function, .. command.Split(' ')]) { WorkingDirectory = _caller };
        start.Environment["ConnectionStrings__Postgres"] = environment;
        using var bash = Process.Start(start)!;
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.InRange(bash.ExitCode, 0, 1);
        return bash.ExitCode == 0;
    }

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
