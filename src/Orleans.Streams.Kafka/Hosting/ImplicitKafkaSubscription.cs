using Orleans.Metadata;

namespace Orleans.Streams.Kafka.Hosting;

/// <summary>
/// Gives a grain class, in the grain manifest, the binding that [ImplicitStreamSubscription(namespace)] would: said at registration instead of on the
/// class, so that a library's or a configuration's choice of topic needs no attribute.
/// </summary>
internal sealed class ImplicitKafkaSubscription(Type subscriber, string streamNamespace, string? streamIdMapper) : IGrainPropertiesProvider
{
    public void Populate(Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        if (grainClass != subscriber)
        {
            return;
        }

        // Let the attribute itself say what it would have said, so that the binding stays Orleans' own.
        var attribute = new ImplicitStreamSubscriptionAttribute(streamNamespace, streamIdMapper);
        foreach (var binding in attribute.GetBindings(null!, grainClass, grainType))
        {
            foreach (var (key, value) in binding)
            {
                properties[$"{WellKnownGrainTypeProperties.BindingPrefix}.kafka-{streamNamespace.Replace('.', '-')}.{key}"] = value!;
            }
        }
    }
}
