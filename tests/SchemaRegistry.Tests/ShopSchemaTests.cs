using System.Reflection;
using Contracts.Records;

namespace SchemaRegistry.Tests;

/// <summary>The shop's schemas: what other programs rely on stays as it is.</summary>
public sealed class ShopSchemaTests
{
    // Records with these ids lie on topics. A schema that changes gets another id: move its former file to
    // schemas/versions/SUBJECT/N.avsc (N from 1), or records written before become unreadable; then add the new id here.
    [Theory]
    [InlineData("user-events-value", 2095577052)]
    [InlineData("transactions-value", 1322809664)]
    public async Task Ids_that_lie_on_topics_stay_readable(string subject, int id)
    {
        var known = Assert.Single(await Samples.Shop().ListAsync(), s => s.Id == id);
        Assert.Equal(subject, known.Subject);
    }

    [Theory]
    [InlineData("user-events-value", typeof(UserRecord))]
    [InlineData("transactions-value", typeof(TransactionRecord))]
    [InlineData("event-counts-value", typeof(EventCount))]
    [InlineData("user-activity-value", typeof(UserActivity))]
    [InlineData("revenue-metrics-value", typeof(RevenueMetric))]
    public async Task The_records_of_CSharp_have_the_fields_of_the_schema(string subject, Type type)
    {
        var schema = AvroSchema.Parse((await Samples.Shop().ListAsync()).Last(s => s.Subject == subject).Schema);
        Assert.Equal(schema.Fields.Select(f => f.Name), type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => Snake(p.Name)));
        Assert.All(schema.Fields, field => Assert.Equal(
            field.DefaultValue is null, type.GetProperty(field.Name.Replace("_", "", StringComparison.Ordinal), BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)!
                .IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute))));
        if (schema.Fields.All(f => f.Name != "metadata"))
            return;
        var metadata = ((Avro.RecordSchema)schema["metadata"].Schema).Fields.ToDictionary(f => f.Name, f => f.DefaultValue?.ToString());
        var defaults = new EventMetadata { ProducerId = "p" };
        Assert.Equal(metadata["schema_version"], defaults.SchemaVersion);
        Assert.Equal(metadata["environment"], defaults.Environment.ToString().ToUpperInvariant());
    }

    // Written by a Java program with Apache's own libraries.
    [Theory]
    [InlineData("AAAAAAFIYTlhOTA4NDItZTc1OC0yYTQ5LWM3OTEtNTdjYzZiOGYyMTU4DHVzZXItMQIWc2Vzc2lvbi0xLTAI7o3V7e5mAAACPk1vemlsbGEvNS4wIChYMTE7IExpbnV4IHg4Nl82NCkCGjEwLjg0LjEzMi4xOTICAAQacmVzdWx0c19jb3VudAQ0NApxdWVyeQhxMTEwAApnZW4tMQoxLjAuMAQ=",
        EventType.Search, "a9a90842-e758-2a49-c791-57cc6b8f2158", 1767225598839, null, DeviceType.Desktop, "query=q110 results_count=44")]
    [InlineData("AAAAAAFINzJhNGNlZjItYmZjMi0yOTUzLWRmOGUtN2VmYjQ0NDU4NjMzDHVzZXItMQIWc2Vzc2lvbi0xLTAAwIXV7e5mAhYvcHJvZHVjdC8xNwACPk1vemlsbGEvNS4wIChYMTE7IExpbnV4IHg4Nl82NCkCGDEwLjQ4LjI1NC4yMgAACmdlbi0xCjEuMC4wBA==",
        EventType.PageView, "72a4cef2-bfc2-2953-df8e-7efb44458633", 1767225598304, "/product/17", null, "")]
    [InlineData("AAAAAAFIMjcxODhkOWUtNTRhNi1iMjQ2LTdlMzctZGZhZDVlZDc0OTgxDHVzZXItNAIWc2Vzc2lvbi00LTAEyILV7e5mAAACPk1vemlsbGEvNS4wIChYMTE7IExpbnV4IHg4Nl82NCkCGjEwLjI0MC4yNC4xMzICAgIMYW1vdW50DDE0MS4zMAAKZ2VuLTEKMS4wLjAE",
        EventType.Purchase, "27188d9e-54a6-b246-7e37-dfad5ed74981", 1767225598116, null, DeviceType.Mobile, "amount=141.30")]
    public async Task Records_of_a_Java_producer_decode(
        string value, EventType type, string id, long milliseconds, string? page, DeviceType? device, string properties)
    {
        var schema = (await Samples.Shop().ListAsync()).Single(s => s.Subject == "user-events-value").Schema;
        var record = await new AvroRecordDecoder<UserRecord>(new OneSchema(schema)).DecodeAsync(Convert.FromBase64String(value));
        Assert.Equal((type, id, milliseconds, page, device),
            (record.EventType, record.EventId, record.Timestamp.ToUnixTimeMilliseconds(), record.PageUrl, record.DeviceType));
        Assert.Equal(properties, string.Join(' ', record.Properties.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")));
        Assert.Equal(("gen-1", Contracts.Records.Environment.Production), (record.Metadata.ProducerId, record.Metadata.Environment));
    }

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
