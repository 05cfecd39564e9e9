using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace AppHost.Kafka;

/// <summary>
/// The functions of rdkafka_mock.h, from the very library that Confluent.Kafka loaded: which of its builds fits this machine is its decision.
/// </summary>
internal sealed class MockLibrary(nint handle)
{
    public delegate nint ConfNewFunction();

    public delegate int ConfSetFunction(
        nint conf, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, byte[] error, nint errorSize);

    public delegate nint NewFunction(int type, nint conf, byte[] error, nint errorSize);

    public delegate void PointerFunction(nint pointer);

    public delegate nint ClusterNewFunction(nint client, int brokers);

    public delegate nint BootstrapsFunction(nint cluster);

    public delegate int TopicCreateFunction(nint cluster, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, int partitions, int replicas);

    public delegate void TopicErrorFunction(nint cluster, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, int error);

    public delegate void PushErrorsFunction(nint cluster, short apiKey, nuint count, int[] errors);

    public delegate int BrokerFunction(nint cluster, int broker);

    public delegate int BrokerRttFunction(nint cluster, int broker, int milliseconds);

    public ConfNewFunction ConfNew { get; } = Function<ConfNewFunction>(handle, "rd_kafka_conf_new");

    public ConfSetFunction ConfSet { get; } = Function<ConfSetFunction>(handle, "rd_kafka_conf_set");

    public NewFunction New { get; } = Function<NewFunction>(handle, "rd_kafka_new");

    public PointerFunction Destroy { get; } = Function<PointerFunction>(handle, "rd_kafka_destroy");

    public ClusterNewFunction ClusterNew { get; } = Function<ClusterNewFunction>(handle, "rd_kafka_mock_cluster_new");

    public PointerFunction ClusterDestroy { get; } = Function<PointerFunction>(handle, "rd_kafka_mock_cluster_destroy");

    public BootstrapsFunction Bootstraps { get; } = Function<BootstrapsFunction>(handle, "rd_kafka_mock_cluster_bootstraps");

    public TopicCreateFunction TopicCreate { get; } = Function<TopicCreateFunction>(handle, "rd_kafka_mock_topic_create");

    public TopicErrorFunction TopicError { get; } = Function<TopicErrorFunction>(handle, "rd_kafka_mock_topic_set_error");

    public PushErrorsFunction PushErrors { get; } = Function<PushErrorsFunction>(handle, "rd_kafka_mock_push_request_errors_array");

    public BrokerFunction BrokerDown { get; } = Function<BrokerFunction>(handle, "rd_kafka_mock_broker_set_down");

    public BrokerFunction BrokerUp { get; } = Function<BrokerFunction>(handle, "rd_kafka_mock_broker_set_up");

    public BrokerRttFunction BrokerRtt { get; } = Function<BrokerRttFunction>(handle, "rd_kafka_mock_broker_set_rtt");

    public static MockLibrary Load()
    {
        if (!Library.IsLoaded)
            Library.Load();
        // The path is the rest of the line from its first slash: it may hold spaces.
        var path = File.ReadLines("/proc/self/maps").Where(line => line.Contains('/', StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])
            .FirstOrDefault(file => Path.GetFileName(file).Contains("librdkafka", StringComparison.Ordinal))
            ?? throw new InvalidOperationException("Confluent.Kafka's native library is not loaded in this process; the emulator needs Linux.");
        return new MockLibrary(NativeLibrary.Load(path));
    }

    private static T Function<T>(nint handle, string name)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(handle, name));
}
