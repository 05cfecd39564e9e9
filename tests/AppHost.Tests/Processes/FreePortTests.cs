using AppHost.Processes;

namespace AppHost.Tests.Processes;

public sealed class FreePortTests
{
    [Fact]
    public void A_port_is_given_once_although_nobody_listens_on_it_yet()
    {
        var wished = FreePort.Any() + 1; // of the system's own, where no program has a fixed one
        var given = new[] { FreePort.AtOrAfter(wished), FreePort.AtOrAfter(wished), FreePort.AtOrAfter(wished) };
        Assert.Equal(3, given.Distinct().Count());
    }
}
