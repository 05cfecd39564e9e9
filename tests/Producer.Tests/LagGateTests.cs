using System.Net;
using System.Text;
using AppHost.Processes;
using Microsoft.Extensions.Time.Testing;
using Producer.Sending;
using Testing;

namespace Producer.Tests;

public sealed class LagGateTests : IDisposable
{
    private readonly HttpListener _api = new();
    private readonly FakeTimeProvider _time = new();
    private readonly string _address = $"http://127.0.0.1:{FreePort.Any()}";
    private readonly List<string> _said = [];
    private volatile string _answer = "";

    public LagGateTests()
    {
        _api.Prefixes.Add(_address + "/");
        _api.Start();
        _ = Task.Run(ServeAsync);
    }

    public void Dispose() => _api.Close();

    [Fact]
    public async Task Sending_waits_while_a_partition_lags_and_goes_on_afterwards()
    {
        using var gate = new LagGate(_address, 100, _time, _said.Add);
        _answer = Lags(3, 99);
        await gate.PassAsync(default);
        Assert.True(gate.PassAsync(default).IsCompleted, "asked again before it was time");

        _answer = Lags(3, 100);
        _time.Advance(TimeSpan.FromSeconds(1));
        var waiting = gate.PassAsync(default).AsTask();
        Assert.False(waiting.IsCompleted);
        _answer = Lags(3, 20);
        await PassesAsync(waiting);
        Assert.Empty(_said);
    }

    [Fact]
    public async Task A_topic_that_nothing_reads_holds_nothing()
    {
        using var gate = new LagGate(_address, 100, _time, _said.Add);
        _answer = """{"items":[{"name":"dead-letters","partitions":[{"partition":0,"low":0,"high":5}]},{"name":"t","partitions":[{"partition":0,"lag":3}],"lag":3}]}""";
        await gate.PassAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(_said);
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("""{"topics":[]}""")]
    public async Task An_api_that_does_not_tell_the_lag_holds_the_sending_and_is_named_once(string answer)
    {
        using var gate = new LagGate(_address, 100, _time, _said.Add);
        _answer = answer;
        var waiting = gate.PassAsync(default).AsTask();
        await Eventually.Async(() => { _time.Advance(TimeSpan.FromSeconds(1)); return _said.Count == 1; }, TimeSpan.FromSeconds(10), "the gate says why it waits");
        Assert.False(waiting.IsCompleted);
        _answer = Lags(0);
        await PassesAsync(waiting);
        Assert.Contains(_address, Assert.Single(_said), StringComparison.Ordinal);
    }

    private static string Lags(params int[] lags) =>
        $$"""{"items":[{"name":"t","partitions":[{{string.Join(',', lags.Select((lag, p) => $$"""{"partition":{{p}},"lag":{{lag}}}"""))}}]}]}""";

    private Task PassesAsync(Task waiting) =>
        Eventually.Async(() => { _time.Advance(TimeSpan.FromSeconds(1)); return waiting.IsCompletedSuccessfully; }, TimeSpan.FromSeconds(10), "the gate opens");

    private async Task ServeAsync()
    {
        while (_api.IsListening)
        {
            try
            {
                var context = await _api.GetContextAsync();
                context.Response.Close(Encoding.UTF8.GetBytes(_answer), willBlock: false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // closed by the test's end
            }
        }
    }
}
