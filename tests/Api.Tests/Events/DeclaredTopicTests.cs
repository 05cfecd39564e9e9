using System.Text.Json;
using EventPlatform.AspNetCore.Events.Ingest;
using EventPlatform.AspNetCore.Http;
using EventPlatform.Intake;
using EventPlatform.Topics;
using Microsoft.Extensions.Options;

namespace Api.Tests.Events;

/// <summary>A topic of an application's own, whose functions may fail on what a caller sends.</summary>
public sealed class DeclaredTopicTests
{
    [Theory]
    [InlineData("key")]
    [InlineData("eventId")]
    [InlineData("time")]
    public async Task A_record_on_which_a_function_of_the_topic_fails_is_the_callers_error(string function)
    {
        string Of(string name, Parcel parcel) => name == function ? throw new FormatException("what an odd parcel") : parcel.Id;
        var definition = new TopicDefinition<Parcel>(
            "parcels", p => Of("key", p), p => Of("eventId", p), p => Of("time", p).Length > 0 ? DateTimeOffset.UnixEpoch : default);
        var topic = new DeclaredTopic<Parcel>(definition, null!, Options.Create(new IntakeOptions()), TimeProvider.System); // it comes to no schema
        var checks = new Checks();

        Assert.Null(await topic.PrepareAsync(JsonDocument.Parse("""{"id":"p1"}""").RootElement, null, "", checks, TestContext.Current.CancellationToken));

        var error = Assert.Single(checks.Problem!.ProblemDetails.Errors);
        Assert.Equal("body", error.Key);
        Assert.Equal("A function of topic 'parcels' failed on it, so intake would make it a dead letter: what an odd parcel", Assert.Single(error.Value));
    }

    private sealed record Parcel
    {
        public required string Id { get; init; }
    }
}
