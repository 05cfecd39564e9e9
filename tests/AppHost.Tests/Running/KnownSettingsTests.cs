using AppHost.Running;

namespace AppHost.Tests.Running;

public sealed class KnownSettingsTests
{
    [Theory]
    [InlineData("Kafka:Partitions")]
    [InlineData("kafka:partitions")]
    [InlineData("Kafka:Streams:orders:ReplicationFactor")]
    [InlineData("ConnectionStrings:Postgres")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    [InlineData("ASPNETCORE_HTTP_PORTS")]
    [InlineData("Logging:LogLevel:Default")]
    public void A_setting_that_something_reads_is_no_trouble(string name) => Assert.Null(KnownSettings.Trouble(name));

    [Theory]
    [InlineData("Kafka:Partitionz", "did you mean Kafka:Partitions?", true)]
    [InlineData("Kafak:Partitions", "did you mean Kafka:Partitions?", true)]
    [InlineData("Jobs:Nothing:Like:This", "there is no setting 'Jobs:Nothing:Like:This'", true)]
    [InlineData("Warehouse:Aisles", "there is no setting 'Warehouse:Aisles'", false)]
    public void One_that_nothing_reads_is_named_with_the_nearest_that_there_is(string name, string words, bool isMistake)
    {
        var trouble = KnownSettings.Trouble(name)!.Value;
        Assert.Contains(words, trouble.Words, StringComparison.Ordinal);
        Assert.Equal(isMistake, trouble.IsMistake);
    }
}
