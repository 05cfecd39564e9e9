using AppHost.Commands;

namespace AppHost.Tests.Running;

/// <summary>What <c>./dev up</c> refuses before it starts anything.</summary>
public sealed class UpCommandTests
{
    [Theory]
    [InlineData("There is no option '--foo'", "--foo")]
    [InlineData("did you mean --port?", "--prot", "5081")]
    [InlineData("did you mean Kafka:Partitions?", "--", "Kafka:Partitionz=3")]
    [InlineData("'nonsense'", "--kafka", "nonsense")]
    [InlineData("'broker:'", "--kafka", "broker:")]
    [InlineData("'b:99999'", "--kafka", "a:9092,b:99999")]
    public void What_is_no_option_address_or_setting_is_named(string said, params string[] arguments) =>
        Assert.Contains(UpCommand.Create().Parse(arguments).Errors, error => error.Message.Contains(said, StringComparison.Ordinal));

    [Theory]
    [InlineData("--kafka", "emulator")]
    [InlineData("--kafka", "apache")]
    [InlineData("--kafka", "a:9092,[::1]:9093", "--", "Kafka:Partitions=3", "Warehouse:Aisles=7")]
    public void What_can_be_meant_is_taken(params string[] arguments) => Assert.Empty(UpCommand.Create().Parse(arguments).Errors);
}
