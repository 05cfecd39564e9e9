using System.Linq.Expressions;
using Avro;
using AvroType = Avro.Schema.Type;

namespace SchemaRegistry;

/// <summary>Compiles the writing of a C# record in a schema.</summary>
internal static class EncoderCompiler
{
    public static Action<AvroWriter, T> Compile<T>(RecordSchema schema)
    {
        AvroSchema.RefuseRecursion(schema);
        var writer = Expression.Parameter(typeof(AvroWriter), "writer");
        var value = Expression.Parameter(typeof(T), "value");
        return Expression.Lambda<Action<AvroWriter, T>>(Record(writer, schema, value, schema.Name), writer, value).Compile();
    }

    private static Expression Record(ParameterExpression writer, RecordSchema schema, Expression value, string path)
    {
        var properties = RecordMap.PropertiesOf(value.Type);
        return Expression.Block(typeof(void), schema.Fields.Select(f => properties.TryGetValue(f.Name, out var property)
            ? Value(writer, f.Schema, Expression.Property(value, property), $"{path}.{f.Name}")
            : throw new InvalidSchemaException($"{path} has the field {f.Name}, which {value.Type.Name} lacks.")));
    }

    private static Expression Value(ParameterExpression writer, Schema schema, Expression value, string path) => schema switch
    {
        UnionSchema union => Union(writer, union, value, path),
        RecordSchema record => Record(writer, record, value, path),
        EnumSchema e => Call(writer, nameof(AvroWriter.WriteInt), SymbolIndex(e, value, path)),
        MapSchema map => Items(writer, value, path, map.ValueSchema, nameof(WriteMap)),
        ArraySchema array => Items(writer, value, path, array.ItemSchema, nameof(WriteArray)),
        LogicalSchema { LogicalTypeName: "timestamp-millis" } when value.Type == typeof(DateTimeOffset) =>
            Call(writer, nameof(AvroWriter.WriteLong), Expression.Call(value, nameof(DateTimeOffset.ToUnixTimeMilliseconds), null)),
        LogicalSchema { LogicalTypeName: "decimal" } logical when value.Type == typeof(decimal) =>
            Call(writer, nameof(AvroWriter.WriteDecimal), value, Expression.Constant(DecoderCompiler.ScaleOf(logical))),
        LogicalSchema logical => Value(writer, logical.BaseSchema, value, path),
        _ => Primitive(writer, schema.Tag, value, path),
    };

    private static Expression Union(ParameterExpression writer, UnionSchema union, Expression value, string path)
    {
        var nullIndex = union.Schemas.ToList().FindIndex(s => s.Tag == AvroType.Null);
        if (union.Schemas.Count != 2 || nullIndex < 0)
            throw new InvalidSchemaException($"{path} is a union of other than null and one type, which C# properties cannot write.");
        var present = Expression.Block(
            Call(writer, nameof(AvroWriter.WriteInt), Expression.Constant(1 - nullIndex)),
            Value(writer, union.Schemas[1 - nullIndex],
                Nullable.GetUnderlyingType(value.Type) is { } inner ? Expression.Convert(value, inner) : value, path));
        return Expression.IfThenElse(
            Expression.Equal(value, Expression.Constant(null, value.Type)),
            Call(writer, nameof(AvroWriter.WriteInt), Expression.Constant(nullIndex)),
            present);
    }

    private static Expression SymbolIndex(EnumSchema schema, Expression value, string path)
    {
        var values = RecordMap.EnumValues(value.Type, schema.Symbols);
        var cases = values.Select((v, i) => (v, i)).Where(p => p.v is not null)
            .Select(p => Expression.SwitchCase(Expression.Constant(p.i), Expression.Constant(p.v, value.Type))).ToArray();
        return Expression.Switch(typeof(int), value,
            DecoderCompiler.Refuse($"{path}: the schema has no symbol for this {value.Type.Name}", typeof(int)), null, cases);
    }

    private static MethodCallExpression Items(ParameterExpression writer, Expression value, string path, Schema items, string method)
    {
        var item = value.Type.GetGenericArguments()[^1];
        var inner = Expression.Parameter(item, "item");
        var write = Expression.Lambda(typeof(Action<,>).MakeGenericType(typeof(AvroWriter), item), Value(writer, items, inner, path + "[]"), writer, inner);
        return Expression.Call(typeof(EncoderCompiler), method, [item], writer, value, write);
    }

    private static void WriteMap<T>(AvroWriter writer, IReadOnlyDictionary<string, T> items, Action<AvroWriter, T> write)
    {
        if (items.Count > 0)
        {
            writer.WriteLong(items.Count);
            foreach (var (key, value) in items)
            {
                writer.WriteString(key);
                write(writer, value);
            }
        }

        writer.WriteLong(0);
    }

    private static void WriteArray<T>(AvroWriter writer, IReadOnlyList<T> items, Action<AvroWriter, T> write)
    {
        if (items.Count > 0)
        {
            writer.WriteLong(items.Count);
            foreach (var item in items)
                write(writer, item);
        }

        writer.WriteLong(0);
    }

    private static Expression Primitive(ParameterExpression writer, AvroType type, Expression value, string path)
    {
        var (method, expected) = type switch
        {
            AvroType.Boolean => (nameof(AvroWriter.WriteBoolean), typeof(bool)),
            AvroType.Int => (nameof(AvroWriter.WriteInt), typeof(int)),
            AvroType.Long => (nameof(AvroWriter.WriteLong), typeof(long)),
            AvroType.Float => (nameof(AvroWriter.WriteFloat), typeof(float)),
            AvroType.Double => (nameof(AvroWriter.WriteDouble), typeof(double)),
            AvroType.String => (nameof(AvroWriter.WriteString), typeof(string)),
            AvroType.Bytes => (nameof(AvroWriter.WriteBytes), typeof(byte[])),
            _ => throw new InvalidSchemaException($"{path}: a field of Avro type {type} cannot be written from a C# property."),
        };
        return value.Type == expected ? Call(writer, method, value)
            : throw new InvalidSchemaException($"{path} is {type} in the schema, but {value.Type.Name} in C#.");
    }

    private static MethodCallExpression Call(ParameterExpression writer, string method, params Expression[] arguments) =>
        Expression.Call(writer, method, null, arguments);
}
