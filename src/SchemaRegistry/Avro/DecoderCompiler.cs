using System.Linq.Expressions;
using System.Reflection;
using Avro;
using AvroType = Avro.Schema.Type;

namespace SchemaRegistry;

/// <summary>Reads one record at the reader's position.</summary>
internal delegate T ReadRecord<out T>(ref AvroReader reader);

/// <summary>
/// Compiles the reading of a writer's schema into a C# record: no field is boxed, what the record lacks is skipped, and what the writer lacks
/// keeps the property's own default.
/// </summary>
internal static class DecoderCompiler
{
    public static ReadRecord<T> Compile<T>(RecordSchema writer)
    {
        AvroSchema.RefuseRecursion(writer);
        var reader = Expression.Parameter(typeof(AvroReader).MakeByRefType(), "reader");
        return Expression.Lambda<ReadRecord<T>>(Record(reader, writer, typeof(T), writer.Name), reader).Compile();
    }

    private static BlockExpression Record(ParameterExpression reader, RecordSchema writer, Type type, string path)
    {
        var properties = RecordMap.PropertiesIn(type, writer);
        var missing = RecordMap.PropertiesOf(type).Where(p => RecordMap.IsRequired(p.Value) && !properties.ContainsValue(p.Value)).Select(p => p.Key).ToArray();
        if (missing.Length > 0)
            throw new InvalidSchemaException($"{path} lacks the field{(missing.Length > 1 ? "s" : "")} {string.Join(", ", missing)}, which {type.Name} requires.");

        var result = Expression.Variable(type, type.Name);
        var steps = new List<Expression> { Expression.Assign(result, Expression.New(type)) };
        foreach (var field in writer.Fields)
        {
            var name = $"{path}.{field.Name}";
            if (properties.TryGetValue(field.Name, out var property))
                steps.Add(Expression.Assign(Expression.Property(result, property), Value(reader, field.Schema, property.PropertyType, name)));
            else if (RecordMap.EntriesOf(type, field.Name) is { Count: > 0 } entries)
                steps.Add(Entries(reader, result, field.Schema, entries, name));
            else
                steps.Add(Skip(reader, field.Schema));
        }

        steps.Add(result);
        return Expression.Block(type, [result], steps);
    }

    private static Expression Value(ParameterExpression reader, Schema schema, Type type, string path)
    {
        if (schema is UnionSchema union)
            return Union(reader, union, type, path);
        var target = Nullable.GetUnderlyingType(type) ?? type;
        var value = schema switch
        {
            RecordSchema record => Record(reader, record, target, path),
            EnumSchema e when target.IsEnum => EnumValue(reader, e, target, path),
            EnumSchema e => Expression.ArrayIndex(Expression.Constant(e.Symbols.ToArray()), Call(reader, nameof(AvroReader.ReadInt))),
            MapSchema map => Items(reader, typeof(KeyedItems<>), map.ValueSchema, target, path),
            ArraySchema array => Items(reader, typeof(ListedItems<>), array.ItemSchema, target, path),
            LogicalSchema logical => Logical(reader, logical, target),
            FixedSchema f => Call(reader, nameof(AvroReader.ReadFixed), Expression.Constant(f.Size)),
            _ => Primitive(reader, schema.Tag),
        };
        return Converted(value, type, path, schema);
    }

    private static Expression Converted(Expression value, Type type, string path, Schema schema)
    {
        if (type.IsAssignableFrom(value.Type) && !type.IsValueType)
            return value.Type == type ? value : Expression.Convert(value, type);
        var target = Nullable.GetUnderlyingType(type) ?? type;
        var widening = value.Type == target
            || (value.Type.IsPrimitive && target.IsPrimitive && value.Type != typeof(bool) && target != typeof(bool) && Rank(value.Type) <= Rank(target));
        return widening ? Expression.Convert(value, type)
            : throw new InvalidSchemaException($"{path} is {schema.Name} in the schema, which {type.Name} in C# cannot take.");
    }

    private static int Rank(Type type) => Array.IndexOf([typeof(int), typeof(long), typeof(float), typeof(double)], type);

    private static Expression Union(ParameterExpression reader, UnionSchema union, Type type, string path)
    {
        var cases = union.Schemas.Select((s, i) => Expression.SwitchCase(
            s.Tag == AvroType.Null ? Null(type, path) : Value(reader, s, type, path), Expression.Constant(i))).ToArray();
        var other = Refuse($"{path}: no such branch in its union", type);
        return Expression.Switch(type, Call(reader, nameof(AvroReader.ReadInt)), other, null, cases);
    }

    private static Expression Null(Type type, string path) =>
        !type.IsValueType || Nullable.GetUnderlyingType(type) is not null ? Expression.Default(type)
            : throw new InvalidSchemaException($"{path} may be null in the schema, but {type.Name} in C# may not.");

    private static Expression EnumValue(ParameterExpression reader, EnumSchema schema, Type type, string path)
    {
        var values = RecordMap.EnumValues(type, schema.Symbols);
        var cases = values.Select((v, i) => Expression.SwitchCase(
            v is null
                ? Refuse($"{path}: {type.Name} knows no symbol '{schema.Symbols[i]}'", type)
                : Expression.Constant(v, type),
            Expression.Constant(i))).ToArray();
        var other = Refuse($"{path}: no such symbol in its enum", type);
        return Expression.Switch(type, Call(reader, nameof(AvroReader.ReadInt)), other, null, cases);
    }

    private static MethodCallExpression Items(ParameterExpression reader, Type collector, Schema items, Type type, string path)
    {
        var item = type.GetGenericArguments() is [.., var last] ? last
            : throw new InvalidSchemaException($"{path} is a collection in the schema, which {type.Name} in C# cannot take.");
        var inner = Expression.Parameter(typeof(AvroReader).MakeByRefType(), "reader");
        var read = Expression.Lambda(typeof(ReadRecord<>).MakeGenericType(item), Value(inner, items, item, path + "[]"), inner);
        return Expression.Call(collector.MakeGenericType(item), "Read", null, reader, read);
    }

    /// <summary>Reads those entries of a map that have a property of their own, and skips the others.</summary>
    private static BlockExpression Entries(
        ParameterExpression reader, ParameterExpression result, Schema schema, IReadOnlyList<(string Key, PropertyInfo Property)> entries, string path)
    {
        if (schema is not MapSchema { ValueSchema.Tag: AvroType.String })
            throw new InvalidSchemaException($"{path} is {schema.Name} in the schema; entries of a map of strings are read from it in C#.");
        var left = Expression.Variable(typeof(long), "left");
        var end = Expression.Label("end");
        var keys = Expression.Constant(entries.Select(e => System.Text.Encoding.UTF8.GetBytes(e.Key)).ToArray());
        var cases = entries.Select((e, i) => Expression.SwitchCase(
            Void(Expression.Assign(Expression.Property(result, e.Property), Entry(reader, e.Property.PropertyType, $"{path}.{e.Key}"))), Expression.Constant(i))).ToArray();
        var entry = Expression.Switch(typeof(void), Call(reader, nameof(AvroReader.MatchKey), keys), Void(Call(reader, nameof(AvroReader.SkipBytes))), null, cases);
        return Expression.Block(
            typeof(void), [left],
            Expression.Loop(
                Expression.Block(
                    Expression.IfThen(
                        Expression.Equal(left, Expression.Constant(0L)),
                        Expression.Block(
                            Expression.Assign(left, Call(reader, nameof(AvroReader.ReadBlockCount))),
                            Expression.IfThen(Expression.Equal(left, Expression.Constant(0L)), Expression.Break(end)))),
                    entry,
                    Expression.PreDecrementAssign(left)),
                end));
    }

    private static Expression Entry(ParameterExpression reader, Type type, string path)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        var read = target == typeof(string) ? Call(reader, nameof(AvroReader.ReadString))
            : target == typeof(decimal) ? Call(reader, nameof(AvroReader.ReadDecimalText))
            : target == typeof(long) ? Call(reader, nameof(AvroReader.ReadLongText))
            : throw new InvalidSchemaException($"{path} is text in the schema; in C# it can be a string, a decimal or a long, not {type.Name}.");
        return read.Type == type ? read : Expression.Convert(read, type);
    }

    private static Expression Logical(ParameterExpression reader, LogicalSchema schema, Type type)
    {
        if (type == typeof(DateTimeOffset) && schema.LogicalTypeName is "timestamp-millis")
            return Expression.Call(typeof(DateTimeOffset), nameof(DateTimeOffset.FromUnixTimeMilliseconds), null, Call(reader, nameof(AvroReader.ReadLong)));
        if (type == typeof(DateTimeOffset) && schema.LogicalTypeName is "timestamp-micros")
            return Expression.Call(typeof(DecoderCompiler), nameof(FromMicroseconds), null, Call(reader, nameof(AvroReader.ReadLong)));
        if (type == typeof(decimal) && schema.LogicalTypeName is "decimal")
        {
            var scale = Expression.Constant(ScaleOf(schema));
            return schema.BaseSchema is FixedSchema f
                ? Call(reader, nameof(AvroReader.ReadFixedDecimal), Expression.Constant(f.Size), scale)
                : Call(reader, nameof(AvroReader.ReadDecimal), scale);
        }

        return schema.BaseSchema is FixedSchema plain
            ? Call(reader, nameof(AvroReader.ReadFixed), Expression.Constant(plain.Size))
            : Primitive(reader, schema.BaseSchema.Tag);
    }

    internal static int ScaleOf(LogicalSchema schema) =>
        int.TryParse(schema.GetProperty("scale"), System.Globalization.CultureInfo.InvariantCulture, out var scale) ? scale : 0;

    private static DateTimeOffset FromMicroseconds(long value) => DateTimeOffset.UnixEpoch.AddMicroseconds(value);

    private static MethodCallExpression Primitive(ParameterExpression reader, AvroType type) => type switch
    {
        AvroType.Boolean => Call(reader, nameof(AvroReader.ReadBoolean)),
        AvroType.Int => Call(reader, nameof(AvroReader.ReadInt)),
        AvroType.Long => Call(reader, nameof(AvroReader.ReadLong)),
        AvroType.Float => Call(reader, nameof(AvroReader.ReadFloat)),
        AvroType.Double => Call(reader, nameof(AvroReader.ReadDouble)),
        AvroType.String => Call(reader, nameof(AvroReader.ReadString)),
        AvroType.Bytes => Call(reader, nameof(AvroReader.ReadBytes)),
        _ => throw new InvalidSchemaException($"A field of Avro type {type} cannot be read into a C# property."),
    };

    private static Expression Skip(ParameterExpression reader, Schema schema) => schema switch
    {
        LogicalSchema logical => Skip(reader, logical.BaseSchema),
        RecordSchema record => Expression.Block(typeof(void), record.Fields.Select(f => Skip(reader, f.Schema)).DefaultIfEmpty(Expression.Empty())),
        UnionSchema union => Expression.Switch(typeof(void), Call(reader, nameof(AvroReader.ReadInt)),
            Refuse("no such branch in a union", typeof(void)), null,
            union.Schemas.Select((s, i) => Expression.SwitchCase(Skip(reader, s), Expression.Constant(i)))),
        MapSchema map => SkipItems(reader, r => Expression.Block(Call(r, nameof(AvroReader.SkipBytes)), Skip(r, map.ValueSchema))),
        ArraySchema array => SkipItems(reader, r => Skip(r, array.ItemSchema)),
        FixedSchema f => Call(reader, nameof(AvroReader.Skip), Expression.Constant((long)f.Size)),
        EnumSchema => Void(Call(reader, nameof(AvroReader.ReadLong))),
        { Tag: AvroType.String or AvroType.Bytes } => Call(reader, nameof(AvroReader.SkipBytes)),
        { Tag: AvroType.Null } => Expression.Empty(),
        _ => Void(Primitive(reader, schema.Tag)),
    };

    private static Expression SkipItems(ParameterExpression reader, Func<ParameterExpression, Expression> item)
    {
        var inner = Expression.Parameter(typeof(AvroReader).MakeByRefType(), "reader");
        var skip = Expression.Lambda<ReadRecord<bool>>(Expression.Block(item(inner), Expression.Constant(true)), inner);
        return Void(Expression.Call(typeof(ListedItems<bool>), nameof(ListedItems<>.Read), null, reader, skip));
    }

    // A new exception each time: threads must not share one's stack trace.
    internal static UnaryExpression Refuse(string message, Type type) => Expression.Throw(
        Expression.New(
            typeof(RecordFormatException).GetConstructor([typeof(string), typeof(Exception)])!,
            Expression.Constant(message), Expression.Constant(null, typeof(Exception))), type);

    private static Expression Void(Expression value) => Expression.Block(typeof(void), value);

    private static MethodCallExpression Call(ParameterExpression reader, string method, params Expression[] arguments) =>
        Expression.Call(reader, typeof(AvroReader).GetMethod(method, BindingFlags.Public | BindingFlags.Instance)!, arguments);

    internal static class ListedItems<T>
    {
        public static List<T> Read(ref AvroReader reader, ReadRecord<T> item)
        {
            var items = new List<T>();
            for (var count = reader.ReadBlockCount(); count > 0; count = reader.ReadBlockCount())
            {
                for (; count > 0; count--)
                    items.Add(item(ref reader));
            }

            return items;
        }
    }

    internal static class KeyedItems<T>
    {
        public static Dictionary<string, T> Read(ref AvroReader reader, ReadRecord<T> item)
        {
            var items = new Dictionary<string, T>(StringComparer.Ordinal);
            for (var count = reader.ReadBlockCount(); count > 0; count = reader.ReadBlockCount())
            {
                for (; count > 0; count--)
                    items[reader.ReadString()] = item(ref reader);
            }

            return items;
        }
    }
}
