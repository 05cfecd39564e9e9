using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamJobs.State;

/// <summary>How a value of a type is kept in state: common types in few bytes, anything else as JSON.</summary>
internal static class StateCodec<T>
{
    public delegate void WriteValue(StateWriter writer, T value);

    public delegate T ReadValue(ref StateReader reader);

    // Tuples have fields, not properties; and a number that JSON has none for must not keep every later checkpoint from being written.
    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public static readonly WriteValue Write;
    public static readonly ReadValue Read;

    static StateCodec()
    {
        (Write, Read) = default(T) switch
        {
            _ when typeof(T) == typeof(string) => Of<string?>((w, v) => w.Text(v), (ref r) => r.Text()),
            long => Of<long>((w, v) => w.Varint(v), (ref r) => r.Varint()),
            int => Of<int>((w, v) => w.Varint(v), (ref r) => (int)r.Varint()),
            bool => Of<bool>((w, v) => w.Varint(v ? 1 : 0), (ref r) => r.Varint() == 1),
            double => Of<double>((w, v) => w.Double(v), (ref r) => r.Double()),
            decimal => Of<decimal>((w, v) => w.Decimal(v), (ref r) => r.Decimal()),
            DateTimeOffset => Of<DateTimeOffset>(
                (w, v) =>
                {
                    w.Varint(v.Ticks);
                    w.Varint(v.Offset.Ticks);
                },
                (ref r) => new DateTimeOffset(r.Varint(), new TimeSpan(r.Varint()))),
            _ => (WriteJson, ReadJson),
        };
    }

    private static (WriteValue, ReadValue) Of<TValue>(StateCodec<TValue>.WriteValue write, StateCodec<TValue>.ReadValue read) =>
        ((WriteValue)(object)Cast<WriteValue>(write), (ReadValue)(object)Cast<ReadValue>(read));

    private static TDelegate Cast<TDelegate>(Delegate method)
        where TDelegate : Delegate => (TDelegate)Delegate.CreateDelegate(typeof(TDelegate), method.Target, method.Method);

    private static void WriteJson(StateWriter writer, T value) => writer.Bytes(JsonSerializer.SerializeToUtf8Bytes(value, Json));

    private static T ReadJson(ref StateReader reader) => JsonSerializer.Deserialize<T>(reader.Bytes(), Json)!;
}
