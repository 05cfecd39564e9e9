using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using Architecture.Tests.Documents;

namespace Architecture.Tests.Deployment;

public sealed partial class ComposeTests
{
    private static readonly Compose File = Compose.Load();

    public static TheoryData<string> Services => [.. File.Services.Keys];

    [Fact]
    public void The_system_is_whole() =>
        Assert.Equal(
            ["api", "grafana", "kafka", "postgres", "producer", "prometheus", "registry", "silo-1", "silo-2"],
            File.Services.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Services))]
    public void An_image_is_pinned_to_an_exact_version(string service)
    {
        var images = new List<string> { File.Services[service].Image };
        if (File.Services[service].Dockerfile is { } dockerfile)
            images.AddRange(new Dockerfile(dockerfile).Images);
        Assert.All(images, image => Assert.Matches(ExactTag(), image));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void A_service_has_a_health_check_or_a_reason_to_have_none(string name)
    {
        var service = File.Services[name];
        var check = service.HealthCheck ?? (service.Dockerfile is { } dockerfile ? new Dockerfile(dockerfile).HealthCheck : null);
        Assert.True(check is { Length: > 0 } ^ service.WhyNoHealthCheck is { Length: > 0 }, $"{name} needs a health check, or x-no-health-check with the reason.");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void What_a_service_waits_for_exists_and_can_become_healthy(string name) =>
        Assert.All(File.Services[name].Needs, need =>
        {
            Assert.Equal("service_healthy", need.Value);
            Assert.Null(File.Services[need.Key].WhyNoHealthCheck);
        });

    [Theory]
    [MemberData(nameof(Services))]
    public void A_port_is_open_to_this_machine_only(string name) =>
        Assert.All(File.Services[name].Ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Services))]
    public void A_volume_is_declared_or_a_path_of_the_repository(string name) =>
        Assert.All(File.Services[name].Volumes.Select(volume => volume.Split(':')[0]), source =>
            Assert.True(source.StartsWith("./", StringComparison.Ordinal) ? Path.Exists(Repository.At(source)) : File.Volumes.Contains(source), source));

    [Theory]
    [InlineData("silo-1")]
    [InlineData("silo-2")]
    [InlineData("api")]
    public void A_variable_binds_a_known_option_with_a_value_that_fits(string service) =>
        Assert.All(File.Services[service].Environment, variable =>
            Assert.Null(KnownSettings.WhatIsWrong(variable.Key.Replace("__", ":", StringComparison.Ordinal), variable.Value)));

    [Fact]
    public void The_check_of_variables_finds_a_misspelt_one_and_a_value_that_does_not_fit()
    {
        Assert.NotNull(KnownSettings.WhatIsWrong("Kafka:BootstrapServer", "kafka:9092"));
        Assert.NotNull(KnownSettings.WhatIsWrong("EventStore:MaxBatchAppends", "many"));
        Assert.Null(KnownSettings.WhatIsWrong("Kafka:Client:security.protocol", "SASL_SSL"));
    }

    [Fact]
    public void The_producer_is_called_with_options_that_it_has()
    {
        var create = Assembly.Load("Producer").GetType("Producer.CommandLine")!.GetMethod("Create")!;
        Assert.Empty(((RootCommand)create.Invoke(null, null)!).Parse([.. File.Services["producer"].Command]).Errors);
    }

    [Fact]
    public void Prometheus_reads_every_silo_and_the_API() =>
        Assert.Equal(
            File.Services.Keys.Where(name => name == "api" || name.StartsWith("silo-", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            Target().Matches(Repository.Read("deploy/prometheus/prometheus.yml")).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));

    [GeneratedRegex("\"([a-z0-9-]+):8080\"")]
    private static partial Regex Target();

    [GeneratedRegex("""^[a-z0-9./-]+:v?\d+(\.\d+)+([.-][A-Za-z0-9.]+)*$""")]
    private static partial Regex ExactTag();
}
