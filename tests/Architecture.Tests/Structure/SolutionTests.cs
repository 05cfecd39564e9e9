using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Architecture.Tests.Structure;

public sealed partial class SolutionTests
{
    [Fact]
    public void The_solution_holds_every_project_on_disk_and_no_other()
    {
        var listed = ProjectLine().Matches(Repository.Read("Orleans.Streaming.sln")).Select(m => m.Groups[1].Value.Replace('\\', '/'));
        Assert.Equal(Repository.Files(".", "*.csproj").Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_project_takes_the_name_of_Orleans_own_assembly() =>
        Assert.DoesNotContain(Repository.Files(".", "*.csproj"), project =>
            Path.GetFileNameWithoutExtension(project).Equals("Orleans.Streaming", StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void Versions_of_packages_stand_in_one_place() =>
        Assert.Empty(
            from project in Repository.Files(".", "*.csproj")
            from package in XDocument.Load(Repository.At(project)).Descendants("PackageReference")
            where package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null
            select $"{project}: {package.Attribute("Include")?.Value}");

    [GeneratedRegex("""^Project\("[^"]+"\) = "[^"]+", "([^"]+\.csproj)",""", RegexOptions.Multiline)]
    private static partial Regex ProjectLine();
}
