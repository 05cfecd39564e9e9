using Avro;
using AvroType = Avro.Schema.Type;

namespace SchemaRegistry.Compatibility;

/// <summary>Checks whether a schema may follow others, and names the field and the rule where it may not.</summary>
public static class SchemaCompatibility
{
    /// <summary>Checks a new schema against the earlier versions of its subject.</summary>
    /// <param name="rule">The subject's rule.</param>
    /// <param name="candidate">The new schema.</param>
    /// <param name="versions">The earlier ones, oldest first.</param>
    /// <returns>Every problem found; empty when the schema is compatible.</returns>
    public static IReadOnlyList<string> Check(CompatibilityRule rule, Schema candidate, IReadOnlyList<Schema> versions)
    {
        var transitive = rule is CompatibilityRule.BackwardTransitive or CompatibilityRule.ForwardTransitive or CompatibilityRule.FullTransitive;
        var problems = new List<string>();
        foreach (var earlier in transitive ? versions : versions.TakeLast(1))
        {
            if (rule is CompatibilityRule.Backward or CompatibilityRule.BackwardTransitive or CompatibilityRule.Full or CompatibilityRule.FullTransitive)
                problems.AddRange(ProblemsReading(candidate, earlier).Select(p => $"{p} (BACKWARD: the new schema could not read old records)"));
            if (rule is CompatibilityRule.Forward or CompatibilityRule.ForwardTransitive or CompatibilityRule.Full or CompatibilityRule.FullTransitive)
                problems.AddRange(ProblemsReading(earlier, candidate).Select(p => $"{p} (FORWARD: old readers could not read new records)"));
        }

        return problems;
    }

    /// <summary>What keeps a reader's schema from reading what a writer's wrote, by Avro's rules of schema resolution.</summary>
    public static IReadOnlyList<string> ProblemsReading(Schema reader, Schema writer)
    {
        var problems = new List<string>();
        Resolve(reader, writer, reader.Name, problems, []);
        return problems;
    }

    private static void Resolve(Schema reader, Schema writer, string path, List<string> problems, HashSet<(string, string)> seen)
    {
        if (writer is UnionSchema branches)
        {
            foreach (var branch in branches.Schemas)
                Resolve(reader, branch, path, problems, seen);
            return;
        }

        if (reader is UnionSchema options)
        {
            if (!options.Schemas.Any(o => Reads(o, writer, seen)))
                problems.Add($"field '{path}': {Name(writer)} is not one of {Name(reader)}");
            return;
        }

        // After the unions: a nullable field's type is in one.
        if (reader is LogicalSchema || writer is LogicalSchema)
        {
            ResolveLogical(reader, writer, path, problems, seen);
            return;
        }

        switch (reader, writer)
        {
            case (RecordSchema r, RecordSchema w):
                if (seen.Add((r.Fullname, w.Fullname)))
                    ResolveFields(r, w, path, problems, seen);
                break;
            case (EnumSchema r, EnumSchema w):
                var unknown = w.Symbols.Where(s => !r.Symbols.Contains(s)).ToArray();
                if (unknown.Length > 0 && r.Default is null)
                    problems.Add($"field '{path}': the enum lacks the symbol{(unknown.Length > 1 ? "s" : "")} {string.Join(", ", unknown)}");
                break;
            case (ArraySchema r, ArraySchema w):
                Resolve(r.ItemSchema, w.ItemSchema, path + "[]", problems, seen);
                break;
            case (MapSchema r, MapSchema w):
                Resolve(r.ValueSchema, w.ValueSchema, path + "{}", problems, seen);
                break;
            case (FixedSchema r, FixedSchema w) when r.Size == w.Size && r.Name == w.Name:
                break;
            default:
                if (reader.Tag is AvroType.Fixed || !Promotes(writer.Tag, reader.Tag))
                    problems.Add($"field '{path}': {Name(writer)} cannot be read as {Name(reader)}");
                break;
        }
    }

    // A change of meaning that keeps the bytes: Avro itself would let a scale of 2 be read as one of 4.
    private static void ResolveLogical(Schema reader, Schema writer, string path, List<string> problems, HashSet<(string, string)> seen)
    {
        if (Meaning(reader) is { } r && Meaning(writer) is { } w && r != w)
            problems.Add($"field '{path}': {w} cannot be read as {r}");
        else
            Resolve(Base(reader), Base(writer), path, problems, seen);

        static Schema Base(Schema s) => s is LogicalSchema logical ? logical.BaseSchema : s;
        static string? Meaning(Schema s) => s switch
        {
            LogicalSchema { LogicalTypeName: "decimal" } d => $"decimal(scale {DecoderCompiler.ScaleOf(d)})",
            LogicalSchema l => l.LogicalTypeName,
            _ => null,
        };
    }

    private static void ResolveFields(RecordSchema reader, RecordSchema writer, string path, List<string> problems, HashSet<(string, string)> seen)
    {
        if (reader.Name != writer.Name)
            problems.Add($"record '{path}' is named {reader.Name}, but was named {writer.Name}");
        foreach (var field in reader.Fields)
        {
            var name = $"{path}.{field.Name}";
            var source = writer.Fields.FirstOrDefault(f => f.Name == field.Name)
                ?? writer.Fields.FirstOrDefault(f => field.Aliases?.Contains(f.Name) == true);
            if (source is not null)
                Resolve(field.Schema, source.Schema, name, problems, seen);
            else if (field.DefaultValue is null)
                problems.Add($"field '{name}' has no default, and is missing from the other schema");
        }
    }

    // What was seen goes along, or a record that holds itself would be followed without end.
    private static bool Reads(Schema reader, Schema writer, HashSet<(string, string)> seen)
    {
        var problems = new List<string>();
        Resolve(reader, writer, reader.Name, problems, [.. seen]);
        return problems.Count == 0;
    }

    private static bool Promotes(AvroType from, AvroType to) => from == to || (from, to) is
        (AvroType.Int, AvroType.Long or AvroType.Float or AvroType.Double)
        or (AvroType.Long, AvroType.Float or AvroType.Double)
        or (AvroType.Float, AvroType.Double)
        or (AvroType.String, AvroType.Bytes) or (AvroType.Bytes, AvroType.String);

    private static string Name(Schema schema) => schema switch
    {
        UnionSchema union => $"[{string.Join(", ", union.Schemas.Select(Name))}]",
        LogicalSchema logical => logical.LogicalTypeName,
        _ => schema.Name,
    };
}
