namespace SchemaRegistry;

/// <summary>
/// A former name of the field behind a property: records written before it was renamed stay readable. It stands beside the field's
/// <c>aliases</c> in the schema.
/// </summary>
/// <param name="name">The field's former name in the schema.</param>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class AvroAliasAttribute(string name) : Attribute
{
    /// <summary>The field's former name in the schema.</summary>
    public string Name { get; } = name;
}
