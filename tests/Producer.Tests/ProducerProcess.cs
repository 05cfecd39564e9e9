using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AppHost.Processes;

namespace Producer.Tests;

/// <summary>The producer as its user runs it: a program with arguments, output and an exit code.</summary>
internal sealed class ProducerProcess : IDisposable
{
    private static readonly string Program = typeof(ProducerProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Producer").Value!;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    public ProducerProcess(params string[] arguments)
    {
        _process = new Process
        {
            // A shell's background job ignores SIGINT, and hands that down; Ctrl+C must mean something here however the tests are started.
            StartInfo = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Program, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Path.GetTempPath(),
            },
        };
        _process.OutputDataReceived += (_, line) => _output.AppendLine(line.Data);
        _process.ErrorDataReceived += (_, line) => _errors.AppendLine(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Errors => _errors.ToString();

    /// <summary>The summary of a run with <c>--json</c>.</summary>
    public JsonElement Summary => JsonDocument.Parse(_output.ToString()).RootElement;

    public static async Task<ProducerProcess> RunAsync(params string[] arguments)
    {
        var process = new ProducerProcess(arguments);
        await process.ExitAsync();
        return process;
    }

    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits for its end, which must have this exit code; says what it wrote when it has another.</summary>
    public async Task ExpectExitAsync(int code)
    {
        var exit = await ExitAsync();
        Assert.True(exit == code, $"The exit code is {exit}, not {code}: {Errors}");
    }

    public void Signal(PosixSignalNumber signal) => Assert.Equal(0, Kill(_process.Id, (int)signal));

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
