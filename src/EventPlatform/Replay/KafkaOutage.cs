using Confluent.Kafka;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace EventPlatform.Replay;

/// <summary>Tells errors of Kafka that pass by themselves, with the broker's return or a new leader, from those that stay.</summary>
internal static class KafkaOutage
{
    /// <summary>Whether to wait and ask again.</summary>
    public static bool Is(Error error) => !error.IsFatal && error.Code is
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue or ErrorCode.Local_Resolve
        or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition // what librdkafka says without having asked a broker
        or ErrorCode.Local_WaitCache or ErrorCode.Local_WaitCoord or ErrorCode.Local_Retry or ErrorCode.Local_Partial
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.BrokerNotAvailable or ErrorCode.ReplicaNotAvailable
        or ErrorCode.RequestTimedOut or ErrorCode.NetworkException or ErrorCode.KafkaStorageError or ErrorCode.UnknownLeaderEpoch
        or ErrorCode.FencedLeaderEpoch or ErrorCode.OffsetNotAvailable or ErrorCode.PreferredLeaderNotAvailable;
}
