using EventPlatform.Intake;
using EventPlatform.Topics;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Events.Ingest;

/// <summary>A topic of which no more is known than the application's definition says.</summary>
internal sealed class DeclaredTopic<T>(TopicDefinition<T> definition, TopicSchemas schemas, IOptions<IntakeOptions> intake, TimeProvider time)
    : IngestTopic<T>(definition, schemas, intake, time)
    where T : class;
