namespace Testing;

/// <summary>Folders for one test, where any user can reach them: Postgres does not run as root.</summary>
public static class TestFolder
{
    /// <summary>The name of a folder that does not exist yet.</summary>
    public static string New() => Path.Combine(Path.GetTempPath(), $"streaming-tests-{Guid.NewGuid():N}");
}
