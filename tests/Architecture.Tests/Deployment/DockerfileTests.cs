using System.Diagnostics;
using System.Xml.Linq;

namespace Architecture.Tests.Deployment;

public sealed class DockerfileTests
{
    public static TheoryData<string> Files => [.. Dockerfile.All];

    [Fact]
    public void The_compose_file_builds_each_of_them_and_no_other() =>
        Assert.Equal(Dockerfile.All, Compose.Load().Services.Values.Select(s => s.Dockerfile).OfType<string>().Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Files))]
    public void What_it_copies_exists_and_is_in_the_build_context(string file)
    {
        var context = Repository.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        Assert.All(new Dockerfile(file).Copies, copy =>
        {
            Assert.True(Path.Exists(Repository.At(copy.From)), $"{copy.From} does not exist.");
            Assert.Contains(context, kept => copy.From == kept || copy.From.StartsWith(kept + "/", StringComparison.Ordinal));
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void It_runs_as_a_user_without_rights(string file) => Assert.Equal("$APP_UID", new Dockerfile(file).User);

    [Theory]
    [MemberData(nameof(Files))]
    public void It_builds_with_the_SDK_that_the_repository_asks_for(string file)
    {
        var images = new Dockerfile(file).Images.ToArray();
        Assert.StartsWith("mcr.microsoft.com/dotnet/sdk:10.0.", images[0], StringComparison.Ordinal);
        Assert.StartsWith("mcr.microsoft.com/dotnet/aspnet:10.0.", images[1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void It_restores_exactly_the_projects_that_the_program_is_made_of(string file)
    {
        var dockerfile = new Dockerfile(file);
        var program = dockerfile.Runs.First().Split('/')[^1];
        Assert.Equal(
            Closure($"src/{program}/{program}.csproj").Order(StringComparer.Ordinal),
            dockerfile.Copies.Select(copy => copy.From).Where(from => from.EndsWith(".csproj", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    // One folder for all, so that what they share is compiled once; that each names what it needs is the test above.
    [Fact]
    [Trait("Speed", "Slow")]
    public async Task Their_publish_gives_programs_in_a_clean_folder()
    {
        using var folder = new CleanFolder();
        foreach (var file in Dockerfile.All)
        {
            var dockerfile = new Dockerfile(file);
            foreach (var (from, to) in dockerfile.Copies)
                folder.Copy(from, to);
            foreach (var run in dockerfile.Runs)
                await folder.RunAsync(run.Replace(" -o /app", $" -o images/{file}", StringComparison.Ordinal));
            Assert.True(File.Exists(folder.At($"images/{file}/{dockerfile.EntryPoint.Split('"')[3]}")), $"{file}: its entry point is missing.");
            Assert.True(File.Exists(folder.At($"images/{file}/schemas/subjects.json")), $"{file}: the schemas are missing beside the program.");
        }

        Assert.True(File.Exists(folder.At("images/deploy/api.Dockerfile/wwwroot/index.html")), "The page is missing.");
        Assert.Contains("--events", await folder.RunAsync("dotnet images/deploy/producer.Dockerfile/Producer.dll --help"), StringComparison.Ordinal);
    }

    private static HashSet<string> Closure(string project) =>
    [
        project,
        .. XDocument.Load(Repository.At(project)).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))
            .SelectMany(name => Closure($"src/{name}/{name}.csproj")),
    ];

    /// <summary>A folder that holds only what was copied into it.</summary>
    private sealed class CleanFolder : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
        private readonly string _path = Directory.CreateTempSubdirectory("image-").FullName;

        public string At(string path) => Path.Combine(_path, path);

        public void Copy(string from, string to)
        {
            var files = Directory.Exists(Repository.At(from)) ? Repository.Files(from, "*") : [from];
            foreach (var file in files)
            {
                var target = At(Directory.Exists(Repository.At(from)) ? Path.Combine(to, Path.GetRelativePath(from, file)) : Path.Combine(to, Path.GetFileName(file)));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(Repository.At(file), target, overwrite: true);
            }
        }

        /// <summary>Runs a command here.</summary>
        public async Task<string> RunAsync(string command)
        {
            var words = command.Split(' ');
            var start = new ProcessStartInfo(words[0], words[1..])
            {
                WorkingDirectory = _path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_UI_LANGUAGE"] = "en" },
            };
            using var process = Process.Start(start)!;
            using var limit = new CancellationTokenSource(Patience);
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var error = process.StandardError.ReadToEndAsync(limit.Token);
                await process.WaitForExitAsync(limit.Token);
                Assert.True(process.ExitCode == 0, $"{command} ended with {process.ExitCode}:\n{await output}\n{await error}");
                return await output;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"{command} did not end within {Patience}.");
            }
        }

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
