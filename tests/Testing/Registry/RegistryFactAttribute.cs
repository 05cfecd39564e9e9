using System.Runtime.CompilerServices;
using Xunit;

namespace Testing.Registry;

/// <summary>A test on a real schema registry: skipped, and says so, where SCHEMA_REGISTRY_HOME names none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RegistryFactAttribute : FactAttribute
{
    /// <summary>Marks the test.</summary>
    public RegistryFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        if (RegistryServer.Home is null)
            Skip = RegistryServer.Missing;
    }
}
