using AppHost.Kafka;
using AppHost.Postgres;

namespace Shared;

/// <summary>A broker and a durable database server that are made for one run.</summary>
public sealed class Lab
{
    private Lab(string folder, PrivateKafka kafka, PrivatePostgres postgres) => (Folder, Kafka, Postgres) = (folder, kafka, postgres);

    /// <summary>Where logs go.</summary>
    public string Folder { get; }

    public PrivateKafka Kafka { get; }

    public PrivatePostgres Postgres { get; }

    /// <summary>Starts the servers, has <paramref name="run"/> measure, and stops them.</summary>
    /// <returns>The program's exit code: 0 when every target was met, 1 when one was missed, 2 when there was nothing to measure with.</returns>
    public static async Task<int> RunAsync(string bench, string? folder, Func<Lab, Task<bool>> run, CancellationToken cancellationToken)
    {
        if (PrivateKafka.Home() is not { } home)
        {
            await Console.Error.WriteLineAsync("This benchmark needs Apache Kafka: set KAFKA_HOME to a distribution, and have Java on the PATH.");
            return 2;
        }

        // Unlike one for tests, a broker that is measured beside others has its second compiler.
        if (Environment.GetEnvironmentVariable("KAFKA_JVM_PERFORMANCE_OPTS") is null)
            Environment.SetEnvironmentVariable("KAFKA_JVM_PERFORMANCE_OPTS", "-XX:+UseG1GC");
        using var work = new WorkFolder(bench, folder);
        await using var kafka = await PrivateKafka.StartAsync(home, Path.Combine(work.Path, "kafka"), cancellationToken: cancellationToken);
        await using var postgres = await PrivatePostgres.StartAsync(Path.Combine(work.Path, "postgres"), cancellationToken: cancellationToken);
        return await run(new(work.Path, kafka, postgres)) ? 0 : 1;
    }
}
