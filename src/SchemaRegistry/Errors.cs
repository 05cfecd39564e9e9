namespace SchemaRegistry;

/// <summary>A record that is not what it should be. Trying again will not help.</summary>
public class RecordFormatException(string message, Exception? innerException = null) : FormatException(message, innerException);

/// <summary>A field's content is not what the C# type makes of it, although the record is what its schema says: another type may read it.</summary>
public sealed class FieldFormatException(string message) : RecordFormatException(message);

/// <summary>A record that names a schema which the registry does not know.</summary>
public sealed class UnknownSchemaException(int id, string registry)
    : RecordFormatException($"The record names schema id {id}, which {registry} does not know.");

/// <summary>The registry cannot be reached. The record may be good: try again later.</summary>
public sealed class SchemaRegistryUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>A new version of a schema would break readers or writers of the old ones.</summary>
public sealed class IncompatibleSchemaException(string subject, IReadOnlyList<string> problems)
    : Exception($"The schema is not compatible with subject '{subject}': {string.Join("; ", problems)}")
{
    /// <summary>Each problem: the field, the rule, and why.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>A schema that cannot be read, or that does not fit the C# type it should be read into.</summary>
public sealed class InvalidSchemaException(string message, Exception? innerException = null) : Exception(message, innerException);
