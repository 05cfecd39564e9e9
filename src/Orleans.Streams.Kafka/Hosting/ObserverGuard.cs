using Orleans.Streams.Kafka.Cache;

namespace Orleans.Streams.Kafka.Hosting;

/// <summary>
/// Fails a delivery that no observer has looked at. Orleans drops it with a log line and calls it delivered: a grain that subscribes implicitly and
/// attaches no observer would lose every record.
/// </summary>
internal sealed class ObserverGuard : IIncomingGrainCallFilter
{
    private const int BatchArgument = 2;

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (context.Request.GetMethodName() == "DeliverBatch"
            && context.Request.GetArgumentCount() > BatchArgument
            && context.Request.GetArgument(BatchArgument) is IReadMark { WasRead: false })
        {
            throw new InvalidOperationException(
                $"Grain {context.TargetId} was handed Kafka records and attached no observer. In IStreamSubscriptionObserver.OnSubscribed call "
                + "handleFactory.Create<KafkaRecord>().ResumeAsync(observer). The records are kept and presented again.");
        }
    }
}
