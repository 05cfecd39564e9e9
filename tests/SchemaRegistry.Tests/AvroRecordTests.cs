using Avro;
using Avro.Generic;
using Avro.IO;
using Contracts.Records;
using CsCheck;
using SchemaRegistry.Registries;

namespace SchemaRegistry.Tests;

/// <summary>Apache.Avro is the oracle: what it writes we read, and what we write it reads.</summary>
public sealed class AvroRecordTests
{
    private static readonly FolderSchemaRegistry Registry = new(Path.Combine(AppContext.BaseDirectory, "schemas"));
    private static readonly RegisteredSchema Users = Find("user-events-value");
    private static readonly RegisteredSchema Transactions = Find("transactions-value");

    private static readonly Gen<UserRecord> AnyUser = Gen.Select(
        Gen.String, Gen.String, Gen.Enum<EventType>(), Gen.Long[0, 4_000_000_000_000], Gen.String.Null(), Gen.Enum<DeviceType>().Nullable(),
        Gen.Dictionary(Gen.String, Gen.String)[0, 4], (id, user, type, ms, text, device, properties) => new UserRecord
        {
            EventId = id,
            UserId = user,
            EventType = type,
            Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(ms),
            SessionId = text,
            PageUrl = text,
            IpAddress = text is null ? "::1" : null,
            DeviceType = device,
            Properties = properties,
            Metadata = new EventMetadata { ProducerId = "p", Environment = Contracts.Records.Environment.Staging },
        });

    private static readonly Gen<TransactionRecord> AnyTransaction = Gen.Select(
        Gen.String, Gen.Enum<TransactionType>(), Gen.Long[-999_999_999_999_999, 999_999_999_999_999], Gen.String.Null(), Gen.Long[0, 4_000_000_000_000],
        (id, type, cents, counterparty, ms) => new TransactionRecord
        {
            EventId = id,
            TransactionId = id,
            AccountId = "a",
            UserId = "u",
            Type = type,
            Amount = cents / 100m,
            Currency = "EUR",
            CounterpartyAccountId = counterparty,
            Timestamp = DateTimeOffset.FromUnixTimeMilliseconds(ms),
            Metadata = new EventMetadata { ProducerId = "p" },
        });

    [Fact]
    public void What_is_encoded_decodes_to_the_same_record()
    {
        var encoder = new AvroRecordEncoder<UserRecord>(Users);
        var decoder = new AvroRecordDecoder<UserRecord>(Registry);
        AnyUser.Sample(record =>
        {
            var decoded = Done(decoder.DecodeAsync(encoder.Encode(record)));
            Assert.Equal(record with { Properties = decoded.Properties }, decoded);
            Assert.Equal(record.Properties.OrderBy(p => p.Key), decoded.Properties.OrderBy(p => p.Key));
        });
    }

    [Fact]
    public void Amounts_keep_every_cent()
    {
        var encoder = new AvroRecordEncoder<TransactionRecord>(Transactions);
        var decoder = new AvroRecordDecoder<TransactionRecord>(Registry);
        AnyTransaction.Sample(record => Assert.Equal(record, Done(decoder.DecodeAsync(encoder.Encode(record)))));
    }

    [Fact]
    public void Apache_Avro_reads_what_we_write()
    {
        var encoder = new AvroRecordEncoder<UserRecord>(Users);
        var schema = Schema.Parse(Users.Schema);
        AnyUser.Sample(record =>
        {
            using var body = new MemoryStream(encoder.Encode(record)[WireFormat.HeaderLength..]);
            var read = new GenericDatumReader<GenericRecord>(schema, schema).Read(null!, new BinaryDecoder(body));
            Assert.Equal(record.EventId, read["event_id"]);
            Assert.Equal(record.SessionId, read["session_id"]);
            Assert.Equal(record.Properties.Count, ((IDictionary<string, object>)read["properties"]).Count);
            Assert.Equal(record.DeviceType?.ToString().ToUpperInvariant(), ((GenericEnum?)read["device_type"])?.Value);
            Assert.Equal(body.Length, body.Position);
        });
    }

    [Fact]
    public void We_read_what_Apache_Avro_writes_in_an_older_and_in_a_newer_schema()
    {
        // An older writer without most fields, and with one of its own: its record is read, the rest keeps the defaults.
        const string Writer = """
            {"type":"record","name":"UserEvent","namespace":"com.portfolio.streaming.events","fields":[
              {"name":"legacy","type":{"type":"array","items":["null","double"]}},
              {"name":"event_id","type":"string"},{"name":"user_id","type":"string"},
              {"name":"event_type","type":{"type":"enum","name":"EventType","symbols":["LOGIN","NEW_KIND"]}},
              {"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},
              {"name":"metadata","type":{"type":"record","name":"EventMetadata","fields":[{"name":"producer_id","type":"string"}]}}]}
            """;
        var schema = (RecordSchema)Schema.Parse(Writer);
        var registry = new OneSchema(Writer);

        var record = Done(new AvroRecordDecoder<UserRecord>(registry).DecodeAsync(Written(schema, "LOGIN")));
        Assert.Equal((EventType.Login, "u", Contracts.Records.Environment.Production), (record.EventType, record.UserId, record.Metadata.Environment));

        var refused = Assert.Throws<RecordFormatException>(() => Done(new AvroRecordDecoder<UserRecord>(registry).DecodeAsync(Written(schema, "NEW_KIND"))));
        Assert.Contains("UserEvent.event_type: EventType knows no symbol 'NEW_KIND'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_value_says_what_is_wrong_with_it()
    {
        var decoder = new AvroRecordDecoder<UserRecord>(Registry);
        var good = new AvroRecordEncoder<UserRecord>(Users).Encode(AnyUser.Single());

        Assert.Contains("at least 5", Refusal([1, 2]), StringComparison.Ordinal);
        Assert.Contains("starts with byte 123", Refusal("{\"a\":1}"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("schema id 7", Refusal([0, 0, 0, 0, 7, 1]), StringComparison.Ordinal);
        Assert.Contains("it ends too early", Refusal(good[..^1]), StringComparison.Ordinal);
        Assert.Contains("1 bytes are left over", Refusal([.. good, 0]), StringComparison.Ordinal);

        string Refusal(byte[] payload) => Assert.ThrowsAny<RecordFormatException>(() => Done(decoder.DecodeAsync(payload))).Message;
    }

    [Fact]
    public void Any_damage_to_a_value_is_an_error_or_another_record_never_a_crash()
    {
        var decoder = new AvroRecordDecoder<UserRecord>(Registry);
        var good = new AvroRecordEncoder<UserRecord>(Users).Encode(AnyUser.Single());
        Gen.Select(Gen.Int[WireFormat.HeaderLength, good.Length - 1], Gen.Byte).Sample((index, value) =>
        {
            var damaged = good.ToArray();
            damaged[index] = value;
            try
            {
                Done(decoder.DecodeAsync(damaged));
            }
            catch (RecordFormatException)
            {
                // The one exception that a bad value may give.
            }
        });
    }

    [Fact]
    public void An_amount_with_more_decimals_than_the_schema_has_is_refused()
    {
        var encoder = new AvroRecordEncoder<TransactionRecord>(Transactions);
        Assert.Throws<RecordFormatException>(() => encoder.Encode(AnyTransaction.Single() with { Amount = 0.005m }));
    }

    [Fact]
    public void Bytes_that_are_not_text_are_refused_rather_than_altered()
    {
        byte[] value = [.. Samples.Value(1, "x")[..^1], 0xff];
        Assert.Throws<RecordFormatException>(() => Done(new AvroRecordDecoder<Samples.R>(new OneSchema(Samples.V1)).DecodeAsync(value)));
    }

    [Fact]
    public void A_schema_whose_record_holds_itself_is_a_bad_record_not_the_end_of_the_process()
    {
        const string Endless = """{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"next","type":["null","R"]}]}""";
        var decoder = new AvroRecordDecoder<Samples.R>(new OneSchema(Endless));
        Assert.Contains("holds itself", Assert.Throws<RecordFormatException>(() => Done(decoder.DecodeAsync(Samples.Value(1, "x")))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_without_a_required_field_names_it_each_time()
    {
        var decoder = new AvroRecordDecoder<Samples.R>(new OneSchema("""{"type":"record","name":"R","fields":[{"name":"b","type":"string"}]}"""));
        for (var i = 0; i < 2; i++)
            Assert.Contains("lacks the field a", Assert.Throws<RecordFormatException>(() => Done(decoder.DecodeAsync(Samples.Value(1, "x")))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_renamed_field_is_read_under_its_former_name()
    {
        Assert.Equal("old", Done(new AvroRecordDecoder<Renamed>(new OneSchema(Samples.V1)).DecodeAsync(Samples.Value(1, "old"))).Title);
        var now = Samples.V1.Replace("\"a\"", "\"title\"", StringComparison.Ordinal);
        Assert.Equal("new", Done(new AvroRecordDecoder<Renamed>(new OneSchema(now)).DecodeAsync(Samples.Value(1, "new"))).Title);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"string\"")]
    [InlineData("""{"type":"record","name":"R"}""")]
    [InlineData("""{"type":"record","name":"R","fields":[{"name":"a","type":"nothing"}]}""")]
    [InlineData("""{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"f","size":"x"}}]}""")]
    public void What_is_no_schema_is_told_so(string text) => Assert.Throws<InvalidSchemaException>(() => AvroSchema.Parse(text));

    private sealed record Renamed
    {
        [AvroAlias("a")]
        public required string Title { get; init; }
    }

    private static byte[] Written(RecordSchema schema, string type)
    {
        var metadata = new GenericRecord((RecordSchema)schema.Fields.Single(f => f.Name == "metadata").Schema);
        metadata.Add("producer_id", "p");
        var record = new GenericRecord(schema);
        record.Add("legacy", new object?[] { 1.5, null });
        record.Add("event_id", "e");
        record.Add("user_id", "u");
        record.Add("event_type", new GenericEnum((EnumSchema)schema.Fields.Single(f => f.Name == "event_type").Schema, type));
        record.Add("timestamp", DateTime.UnixEpoch);
        record.Add("metadata", metadata);
        using var body = new MemoryStream();
        body.Write([0, 0, 0, 0, 1]);
        new GenericDatumWriter<GenericRecord>(schema).Write(record, new BinaryEncoder(body));
        return body.ToArray();
    }

    private static RegisteredSchema Find(string subject) => Done(Registry.ListAsync()).Single(s => s.Subject == subject);

    private static T Done<T>(ValueTask<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();
}
