using System.Collections;
using System.ComponentModel;
using System.Reflection;

namespace Architecture.Tests.Documents;

/// <summary>Every setting there is: the public properties of the options classes, found by reflection, and those that are read by their name.</summary>
internal static class KnownSettings
{
    private static readonly string[] Assemblies = ["EventPlatform", "Orleans.Streams.Kafka", "EventStore", "SchemaRegistry", "StreamJobs", "EventPlatform.AspNetCore", "Api"];

    // Classes that a section is bound to, other than by a constant of their own. One that is in neither is set in code only, under its own name.
    private static readonly Dictionary<string, string> Sections = new()
    {
        ["KafkaStreamsOptions"] = "Kafka",
        ["EventStoreOptions"] = "EventStore",
        ["AggregateOptions"] = "Aggregates",
        ["ProjectionOptions"] = "Projections",
    };

    /// <summary>Settings that are read by their name, and where.</summary>
    public static IReadOnlyDictionary<string, (string File, string Literal)> ByName { get; } = new Dictionary<string, (string, string)>
    {
        ["ConnectionStrings:Postgres"] = ("src/EventPlatform/Hosting/PlatformHosting.cs", "GetConnectionString(\"Postgres\")"),
        ["Cluster:Id"] = ("src/EventPlatform/Clustering/PostgresClustering.cs", "\"Cluster:Id\""),
        ["Cluster:ServiceId"] = ("src/EventPlatform/Clustering/PostgresClustering.cs", "\"Cluster:ServiceId\""),
        ["Silo:Port"] = ("src/EventPlatform.AspNetCore/Silos/Endpoints.cs", "\"Port\""),
        ["Silo:GatewayPort"] = ("src/EventPlatform.AspNetCore/Silos/Endpoints.cs", "\"GatewayPort\""),
        ["Silo:AdvertisedAddress"] = ("src/EventPlatform.AspNetCore/Silos/Endpoints.cs", "\"AdvertisedAddress\""),
        ["System"] = ("src/EventPlatform.AspNetCore/RunningSystem.cs", "\"System\""),
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = ("src/EventPlatform.AspNetCore/Silos/SiloTelemetry.cs", "\"OTEL_EXPORTER_OTLP_ENDPOINT\""),
    };

    /// <summary>The properties of the options classes, by the key that a configuration file would use, with their defaults.</summary>
    public static IReadOnlyDictionary<string, (PropertyInfo Property, object? Default)> Options { get; } = Find();

    /// <summary>What is wrong with a setting, or null.</summary>
    public static string? WhatIsWrong(string key, string value)
    {
        if (ByName.ContainsKey(key))
            return null;
        if (!Options.TryGetValue(key, out var option))
            return Options.Any(o => IsMap(o.Value.Property.PropertyType) && key.StartsWith(o.Key + ":", StringComparison.Ordinal)) ? null : $"{key} is no setting.";
        try
        {
            Convert(option.Property.PropertyType, value);
            return null;
        }
        catch (Exception e) when (e is FormatException or NotSupportedException or ArgumentException)
        {
            return $"{key} cannot be '{value}': {e.Message}";
        }
    }

    public static object? Convert(Type type, string value) => TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);

    private static bool IsMap(Type type) => type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable));

    private static Dictionary<string, (PropertyInfo, object?)> Find()
    {
        var found = new Dictionary<string, (PropertyInfo, object?)>(StringComparer.Ordinal);
        foreach (var type in Assemblies.SelectMany(name => Assembly.Load(name).GetExportedTypes()).Where(IsOptions))
        {
            var section = type.GetField("Section")?.GetRawConstantValue() as string ?? Sections.GetValueOrDefault(type.Name);
            var which = BindingFlags.Public | BindingFlags.Instance | (section is null ? BindingFlags.DeclaredOnly : 0);
            var defaults = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties(which))
                found.TryAdd(section is null ? $"{type.Name}.{property.Name}" : $"{section}:{property.Name}", (property, property.GetValue(defaults)));
        }

        return found;
    }

    private static bool IsOptions(Type type) =>
        type is { IsClass: true, IsAbstract: false }
        && (type.Name.EndsWith("Options", StringComparison.Ordinal) || type.Name.EndsWith("Settings", StringComparison.Ordinal));
}
