namespace Contracts.Records;

/// <summary>A record of the topic <c>user-events</c>: <c>schemas/user_event.avsc</c> in C#; a test holds them together.</summary>
public sealed record UserRecord
{
    public required string EventId { get; init; }

    public required string UserId { get; init; }

    public string? SessionId { get; init; }

    public required EventType EventType { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public string? PageUrl { get; init; }

    public string? Referrer { get; init; }

    public string? UserAgent { get; init; }

    public string? IpAddress { get; init; }

    public DeviceType? DeviceType { get; init; }

    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    public required EventMetadata Metadata { get; init; }
}

/// <summary>What the user did.</summary>
public enum EventType { PageView, Click, Purchase, AddToCart, Search, Login, Logout, Registration }

/// <summary>What the user did it on.</summary>
public enum DeviceType { Desktop, Mobile, Tablet, Other }

/// <summary>Who wrote a record.</summary>
public sealed record EventMetadata
{
    public required string ProducerId { get; init; }

    public string SchemaVersion { get; init; } = "1.0.0";

    public Environment Environment { get; init; } = Environment.Production;
}

/// <summary>Where a record was written.</summary>
public enum Environment { Development, Staging, Production }
