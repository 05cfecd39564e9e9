using System.Text.Json.Serialization;
using SchemaRegistry.Registries;

namespace EventPlatform.AspNetCore.Schemas;

/// <summary>A schema in a request.</summary>
/// <param name="Schema">The schema as text.</param>
/// <param name="SchemaType">Only AVRO, which is also what an absent one means.</param>
public sealed record SchemaRequest(string? Schema, string? SchemaType);

/// <summary>A version of a subject.</summary>
public sealed record SubjectVersion(string Subject, int Version, int Id, string Schema)
{
    internal static SubjectVersion Of(RegisteredSchema s) => new(s.Subject, s.Version, s.Id, s.Schema);
}

/// <summary>The id of a schema.</summary>
public sealed record SchemaIdAnswer(int Id);

/// <summary>A schema without its subject.</summary>
public sealed record SchemaAnswer(string Schema);

/// <summary>A subject and version that a schema has.</summary>
public sealed record SubjectVersionPair(string Subject, int Version);

/// <summary>Whether a schema could be registered.</summary>
public sealed record CompatibilityAnswer([property: JsonPropertyName("is_compatible")] bool IsCompatible, IReadOnlyList<string> Messages);

/// <summary>A compatibility rule.</summary>
public sealed record ConfigAnswer(string CompatibilityLevel);
