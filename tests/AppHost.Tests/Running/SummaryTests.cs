using AppHost.Commands;

namespace AppHost.Tests.Running;

public sealed class SummaryTests
{
    [Fact]
    public void A_command_to_type_names_the_data_folder_unless_it_is_the_checkouts()
    {
        Assert.Equal("./dev down", Summary.Command("down", DataOption.OfCheckout!));
        Assert.Equal("./dev down", Summary.Command("down", DataOption.OfCheckout! + "/"));
        Assert.Equal("./dev down --data /tmp/other", Summary.Command("down", "/tmp/other"));
        Assert.Equal("./dev down --data '/tmp/an other'", Summary.Command("down", "/tmp/an other"));
    }
}
