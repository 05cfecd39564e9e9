namespace SchemaRegistry.Compatibility;

/// <summary>Who must be able to read what, as the Confluent registry names it.</summary>
public enum CompatibilityRule
{
    /// <summary>Anything goes.</summary>
    None,

    /// <summary>The new schema reads what the newest one wrote.</summary>
    Backward,

    /// <summary>The new schema reads what any earlier one wrote.</summary>
    BackwardTransitive,

    /// <summary>The newest schema reads what the new one writes.</summary>
    Forward,

    /// <summary>Every earlier schema reads what the new one writes.</summary>
    ForwardTransitive,

    /// <summary>Both, with the newest.</summary>
    Full,

    /// <summary>Both, with every earlier one.</summary>
    FullTransitive,
}
