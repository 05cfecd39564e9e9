using System.Net;
using System.Net.Sockets;
using AppHost.Processes;
using AppHost.Running;
using Testing;

namespace AppHost.Tests.Running;

public sealed class KeptPortsTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(TestFolder.New()).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_port_of_the_last_run_is_taken_again_if_it_is_free()
    {
        var (former, taken) = (FreePort.Any() + 1, FreePort.Any() + 1); // not given by this process, as a former one's are not
        using var stranger = new TcpListener(IPAddress.Loopback, taken);
        stranger.Start();
        Write($$"""{"kafka": {{former}}, "postgres": {{taken}} }""");

        Assert.Equal(former, KeptPorts.Take(_folder, "kafka"));
        Assert.NotEqual(taken, KeptPorts.Take(_folder, "postgres"));
    }

    [Fact]
    public void A_new_port_is_kept_beside_the_others()
    {
        var (kafka, postgres) = (KeptPorts.Take(_folder, "kafka"), KeptPorts.Take(_folder, "postgres"));
        Assert.NotEqual(kafka, postgres);
        var kept = File.ReadAllText(Path.Combine(_folder, "ports.json"));
        Assert.Equal($$"""{"kafka":{{kafka}},"postgres":{{postgres}}}""", string.Concat(kept.Where(c => !char.IsWhiteSpace(c))));
    }

    [Fact]
    public void A_file_that_is_not_JSON_is_named()
    {
        Write("{ not json");
        var refusal = Assert.Throws<InvalidOperationException>(() => KeptPorts.Take(_folder, "kafka"));
        Assert.Contains(Path.Combine(_folder, "ports.json"), refusal.Message, StringComparison.Ordinal);
    }

    private void Write(string json) => File.WriteAllText(Path.Combine(_folder, "ports.json"), json);
}
