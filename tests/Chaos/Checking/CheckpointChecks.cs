namespace Chaos.Checking;

/// <summary>A checkpoint never promises more than is durable, and never goes back.</summary>
internal static class CheckpointChecks
{
    public static IEnumerable<Violation> Check(Facts facts)
    {
        foreach (var partition in facts.History.Checkpoints.GroupBy(c => (c.Topic, c.Partition)))
        {
            var last = 0L;
            foreach (var sample in partition.OrderBy(c => c.At))
            {
                if (sample.Next > sample.Durable)
                {
                    yield return facts.Of(ViolationClass.CheckpointTooFar, FormattableString.Invariant(
                        $"{sample.At:0.000} s: {sample.Topic}/{sample.Partition} was checkpointed at {sample.Next}, but {sample.Durable} had left no trace"), new(sample.Topic, sample.Partition, sample.Durable));
                    break;
                }

                if (sample.Next < last)
                    yield return new(ViolationClass.CheckpointTooFar, $"{sample.Topic}/{sample.Partition} was checkpointed at {last}, then at {sample.Next}", null, []);
                last = sample.Next;
            }
        }
    }
}
