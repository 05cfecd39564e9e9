using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Testing.Kafka;

/// <summary>
/// Runs a theory once per broker: <c>[Theory, BrokerData] async Task It_works(BrokerKind broker)</c>. Further values follow the broker as
/// arguments. Without KAFKA_HOME the run on Apache Kafka is skipped.
/// </summary>
/// <param name="values">The theory's arguments after the broker.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class BrokerDataAttribute(params object?[] values) : DataAttribute
{
    /// <summary>The limit of the emulator that forbids this test there, e.g. "fetch ignores isolation". Null: it runs there too.</summary>
    public string? NotOnEmulatorBecause { get; init; }

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        BrokerKind[] kinds = NotOnEmulatorBecause is null ? [BrokerKind.Emulator, BrokerKind.ApacheKafka] : [BrokerKind.ApacheKafka];
        return new(kinds.Select(Row).ToArray());
    }

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;

    private ITheoryDataRow Row(BrokerKind kind)
    {
        var row = new TheoryDataRow([kind, .. values]) { Skip = kind.WhyMissing() };
        row.Traits[BrokerKinds.Trait] = [kind.Label()];
        return row;
    }
}
