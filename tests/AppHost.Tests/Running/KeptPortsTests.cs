using System.Net;
using System.Net.Sockets;
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
        // The system's own choice, not FreePort's: this process must not have given them, as it has not given a former one's.
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var (former, taken) = (ReleasedPort(), PortOf(stranger));
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

    private static int ReleasedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return PortOf(listener);
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private void Write(string json) => File.WriteAllText(Path.Combine(_folder, "ports.json"), json);
}
