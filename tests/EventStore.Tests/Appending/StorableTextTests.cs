using System.Text;
using EventStore.Appending;

namespace EventStore.Tests.Appending;

public sealed class StorableTextTests
{
    [Theory]
    [InlineData("""{"a": "\u0000"}""", true)]
    [InlineData("""{"a": "\\u0000"}""", false)] // an escaped backslash, then plain text
    [InlineData("""{"a": "\\\u0000"}""", true)]
    [InlineData("""{"a": "\\u0000 \u0000"}""", true)]
    [InlineData("""{"a": "u0000"}""", false)]
    public void The_null_character_is_told_from_text_that_looks_like_it(string json, bool expected) =>
        Assert.Equal(expected, StorableText.HasNull(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Half_a_pair_is_not_storable()
    {
        // Not as test data: an attribute cannot hold half a pair.
        Assert.True(StorableText.IsStorable("plain ä 😀"));
        Assert.All((string[])["\0", "\ud800", "a\ud800", "\udc00\ud800", "\ud800a"], text => Assert.False(StorableText.IsStorable(text)));
    }

    [Fact]
    public void Mended_text_is_storable() => Assert.Equal("a\ufffdb\ufffd", StorableText.Mend("a\0b\ud800"));
}
