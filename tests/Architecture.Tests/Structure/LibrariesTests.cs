using System.Reflection;

namespace Architecture.Tests.Structure;

/// <summary>Who may know whom. The compiler writes only those references into an assembly that its code uses.</summary>
public sealed class LibrariesTests
{
    private static readonly string[] Libraries = ["Orleans.Streams.Kafka", "EventStore", "SchemaRegistry", "StreamJobs"];
    private static readonly string[] Sample = ["Contracts", "Grains", "Silo", "Api", "Producer", "AppHost", "Cli", "Tools"];

    public static TheoryData<string> EachLibrary => [.. Libraries];

    [Theory]
    [MemberData(nameof(EachLibrary))]
    public void A_library_knows_neither_the_sample_nor_another_library(string library) =>
        Assert.Empty(References(library).Intersect([.. Sample, .. Libraries, "EventPlatform"]));

    [Fact]
    public void The_platform_joins_the_libraries_and_does_not_know_the_sample()
    {
        Assert.Equal(Libraries.Order(), References("EventPlatform").Intersect(Libraries).Order());
        Assert.Empty(References("EventPlatform").Intersect(Sample));
    }

    [Fact]
    public void The_platform_over_HTTP_builds_on_the_platform_and_does_not_know_the_sample()
    {
        Assert.Contains("EventPlatform", References("EventPlatform.AspNetCore"));
        Assert.Empty(References("EventPlatform.AspNetCore").Intersect(Sample));
    }

    [Theory]
    [InlineData("Silo")]
    [InlineData("Api")]
    public void A_program_of_the_sample_is_hosted_by_the_library_that_every_application_has(string program) =>
        Assert.Contains("EventPlatform.AspNetCore", References(program));

    [Theory]
    [MemberData(nameof(EachLibrary))]
    [InlineData("EventPlatform")]
    public void A_library_runs_without_a_web_server(string library)
    {
        Assert.DoesNotContain(References(library), name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        var project = Repository.Read($"src/{library}/{library}.csproj");
        Assert.Contains("<Project Sdk=\"Microsoft.NET.Sdk\">", project, StringComparison.Ordinal);
        Assert.DoesNotContain("FrameworkReference", project, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_libraries_are_packages() =>
        Assert.Equal(
            [.. Libraries.Concat(["EventPlatform", "EventPlatform.AspNetCore"]).Order(StringComparer.Ordinal)],
            Repository.Files("src", "*.csproj").Where(project => Repository.Read(project).Contains("<IsPackable>true", StringComparison.Ordinal))
                .Select(project => Path.GetFileNameWithoutExtension(project)).Order(StringComparer.Ordinal));

    [Fact]
    public void The_contracts_do_no_input_or_output() =>
        Assert.DoesNotContain(References("Contracts"), name =>
            name is "Npgsql" or "Marten" or "Confluent.Kafka" or "System.Net.Http" or "System.Net.Sockets" or "System.IO.FileSystem" or "Orleans.Runtime"
            || name.StartsWith("Confluent", StringComparison.Ordinal) || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    private static string[] References(string assembly) => [.. Assembly.Load(assembly).GetReferencedAssemblies().Select(a => a.Name!)];
}
