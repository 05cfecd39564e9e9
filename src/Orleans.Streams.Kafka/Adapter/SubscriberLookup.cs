using Orleans.Metadata;

namespace Orleans.Streams.Kafka.Adapter;

/// <summary>
/// Tells whether any grain class of the cluster subscribes to a namespace implicitly: the same question that Orleans' own table answers for the
/// pulling agent, from the same bindings of the cluster's manifest. Orleans keeps its table to itself.
/// </summary>
internal sealed class SubscriberLookup(GrainBindingsResolver bindings, IEnumerable<IStreamNamespacePredicateProvider> predicates)
{
    private readonly IStreamNamespacePredicateProvider[] _predicates = [.. predicates];

    public bool Has(string streamNamespace)
    {
        foreach (var grain in bindings.GetAllBindings().Bindings.Values)
        {
            foreach (var binding in grain.Bindings)
            {
                if (binding.TryGetValue(WellKnownGrainTypeProperties.BindingTypeKey, out var type)
                    && type == WellKnownGrainTypeProperties.StreamBindingTypeValue
                    && binding.TryGetValue(WellKnownGrainTypeProperties.StreamBindingPatternKey, out var pattern)
                    && Matches(pattern, streamNamespace))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Matches(string pattern, string streamNamespace)
    {
        foreach (var provider in _predicates)
        {
            if (provider.TryGetPredicate(pattern, out var predicate))
            {
                return predicate.IsMatch(streamNamespace);
            }
        }

        // Orleans itself fails on such a pattern. To keep records is the safe answer.
        return true;
    }
}
