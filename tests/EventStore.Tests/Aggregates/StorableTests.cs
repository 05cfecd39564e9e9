using EventStore.Aggregates;

namespace EventStore.Tests.Aggregates;

/// <summary>What the store takes and what it does not, as those know it who decide records without it.</summary>
public sealed class StorableTests
{
    [Theory]
    [InlineData("key", 3, true)]
    [InlineData("a key of 250 characters with its aggregate", 244, true)]
    [InlineData("one more", 245, false)]
    public void A_key_is_storable_while_its_stream_key_is_short_enough(string key, int length, bool storable) =>
        Assert.Equal(storable, Storable.IsKey("diary", key.PadRight(length, '.')[..length]));

    [Theory]
    [InlineData("", false)]
    [InlineData("a\0b", false)]
    public void A_key_is_storable_when_Postgres_takes_its_text(string key, bool storable) => Assert.Equal(storable, Storable.IsKey("diary", key));

    [Theory]
    [InlineData("""{"text":"a\u0000"}""", false)]
    [InlineData("""{"text":"a\\u0000"}""", true)]
    public void An_event_is_storable_when_jsonb_takes_it(string json, bool storable) => Assert.Equal(storable, Storable.IsEvent(json));
}
