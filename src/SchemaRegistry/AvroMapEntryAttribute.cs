namespace SchemaRegistry;

/// <summary>
/// A property that takes one entry of a map field, so that a record can be read without the map: null when the map lacks the entry. A number is
/// parsed from text; an entry that is no such number makes the record undecodable.
/// </summary>
/// <param name="field">The map's field in the schema; its values are strings.</param>
/// <param name="key">The entry's key.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AvroMapEntryAttribute(string field, string key) : Attribute
{
    /// <summary>The map's field in the schema.</summary>
    public string Field { get; } = field;

    /// <summary>The entry's key.</summary>
    public string Key { get; } = key;
}
