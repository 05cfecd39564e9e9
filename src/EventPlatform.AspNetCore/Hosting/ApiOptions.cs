namespace EventPlatform.AspNetCore.Hosting;

/// <summary>How the API listens, and how much it takes on. Section <c>Api</c> of the configuration.</summary>
public sealed class ApiOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Api";

    /// <summary>
    /// Lets the API listen on addresses that other machines can reach, although it has no authentication: set it only where a
    /// network policy or a proxy decides who may come in. Default false.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>
    /// The names under which the API is asked, beside this machine's own, separated by semicolons: as behind a proxy. Empty, the default: none, or with <see cref="AllowAnonymous"/> any.
    /// </summary>
    public string HostNames { get; set; } = "";

    /// <summary>How long a request may take before it is answered with 503. Default 10 s. What is sent as it comes, such as the lines of a job's results, has no such limit.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a grain may take to answer. Default 5 s; less than <see cref="RequestTimeout"/>, so that the answer can say why.</summary>
    public TimeSpan ClusterTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The largest request body in bytes. Default 4 MiB.</summary>
    public long MaxRequestBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>The most events that one ingest request may carry. Default 1,000.</summary>
    public int MaxBatchEvents { get; set; } = 1_000;
}
