using Avro;
using Avro.Generic;
using Avro.IO;
using CsCheck;
using SchemaRegistry.Compatibility;

namespace SchemaRegistry.Tests;

/// <summary>Apache.Avro's resolving reader is the judge: where the checker finds no problem, it reads whatever the writer may write.</summary>
public sealed class CompatibilityPropertyTests
{
    private static readonly string[] Types =
    [
        "\"int\"", "\"long\"", "\"float\"", "\"double\"", "\"string\"", "\"boolean\"", """["null","string"]""", """["null","int"]""", """["string","long"]""",
        """{"type":"array","items":"int"}""", """{"type":"array","items":"long"}""", """{"type":"map","values":"string"}""",
        """{"type":"enum","name":"E","symbols":["X","Y"]}""", """{"type":"enum","name":"E","symbols":["Y","Z","X"]}""",
        """{"type":"record","name":"I","fields":[{"name":"i","type":"int"}]}""", """{"type":"record","name":"I","fields":[{"name":"i","type":"long"},{"name":"j","type":"int","default":5}]}""",
    ];

    private static readonly Gen<string> AnySchema =
        from fields in Gen.Select(Gen.Int[0, 2], Gen.Int[0, Types.Length - 1], Gen.Bool, (name, type, withDefault) => ("abc"[name].ToString(), Types[type], withDefault)).Array[0, 3]
        select $$"""{"type":"record","name":"R","fields":[{{string.Join(',', fields.DistinctBy(f => f.Item1).Select(Field))}}]}""";

    [Fact]
    public void What_is_called_compatible_Apache_Avro_reads()
    {
        var compatible = 0;
        Gen.Select(AnySchema, AnySchema, Gen.Int).Sample((writer, reader, seed) =>
        {
            if (Schema.Parse(writer) is not RecordSchema w || Schema.Parse(reader) is not RecordSchema r || SchemaCompatibility.ProblemsReading(r, w).Count > 0)
                return;
            Interlocked.Increment(ref compatible);
            var random = new Random(seed);
            using var body = new MemoryStream();
            new GenericDatumWriter<GenericRecord>(w).Write((GenericRecord)Value(w, random)!, new BinaryEncoder(body));
            body.Position = 0;
            new GenericDatumReader<GenericRecord>(w, r).Read(null!, new BinaryDecoder(body));
            Assert.Equal(body.Length, body.Position);
        }, iter: 3_000, threads: 1);
        Assert.True(compatible > 100, $"only {compatible} pairs were compatible: the property says little");
    }

    private static string Field((string Name, string Type, bool Default) field)
    {
        var value = field.Type switch
        {
            "\"int\"" or "\"long\"" => "0",
            "\"string\"" => "\"\"",
            "\"boolean\"" => "false",
            ['[', '"', 'n', ..] => "null",
            _ => null,
        };
        // A name may be defined once in a schema.
        var type = field.Type.Replace("\"E\"", $"\"E{field.Name}\"", StringComparison.Ordinal).Replace("\"I\"", $"\"I{field.Name}\"", StringComparison.Ordinal);
        return $$"""{"name":"{{field.Name}}","type":{{type}}{{(field.Default && value is not null ? $",\"default\":{value}" : "")}}}""";
    }

    private static object? Value(Schema schema, Random random) => schema switch
    {
        RecordSchema record => Record(record, random),
        EnumSchema e => new GenericEnum(e, e.Symbols[random.Next(e.Count)]),
        UnionSchema union => Value(union[random.Next(union.Count)], random),
        ArraySchema array => Enumerable.Range(0, random.Next(3)).Select(_ => Value(array.ItemSchema, random)).ToArray(),
        MapSchema map => Enumerable.Range(0, random.Next(3)).ToDictionary(i => $"k{i}", _ => Value(map.ValueSchema, random)!),
        { Tag: Schema.Type.Int } => random.Next(),
        { Tag: Schema.Type.Long } => random.NextInt64(),
        { Tag: Schema.Type.Float } => random.NextSingle(),
        { Tag: Schema.Type.Double } => random.NextDouble(),
        { Tag: Schema.Type.Boolean } => random.Next(2) == 0,
        { Tag: Schema.Type.String } => $"text {random.Next()}",
        _ => null,
    };

    private static GenericRecord Record(RecordSchema schema, Random random)
    {
        var record = new GenericRecord(schema);
        foreach (var field in schema.Fields)
            record.Add(field.Name, Value(field.Schema, random));
        return record;
    }
}
