using AppHost.Postgres;
using Testing;

namespace AppHost.Tests.Postgres;

public sealed class PostgresBinariesTests
{
    [Fact]
    public void Missing_binaries_are_said_with_how_to_get_them()
    {
        var refusal = Assert.Throws<InvalidOperationException>(() => PostgresBinaries.Find("/nowhere:/bin", "/nowhere"));
        Assert.Contains("apt-get install postgresql", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings:Postgres", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_installed_server_is_taken()
    {
        var packages = TestFolder.New();
        try
        {
            foreach (var bin in ((string[])["9", "15", "17"]).Select(v => Directory.CreateDirectory(Path.Combine(packages, v, "bin")).FullName))
            {
                File.WriteAllText(Path.Combine(bin, "postgres"), "");
                File.WriteAllText(Path.Combine(bin, "initdb"), "");
            }

            Assert.Equal(Path.Combine(packages, "17", "bin"), PostgresBinaries.Find("", packages).Folder);
        }
        finally
        {
            Directory.Delete(packages, recursive: true);
        }
    }
}
