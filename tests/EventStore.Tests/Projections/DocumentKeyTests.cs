using EventStore.Projections.Folding;

namespace EventStore.Tests.Projections;

public sealed class DocumentKeyTests
{
    [Fact]
    public void Keys_are_the_same_text_on_every_machine()
    {
        Assert.Equal("2026-01-31", DocumentKey.Of(new DateOnly(2026, 1, 31)));
        Assert.Equal("2026-01-31T11:00:00Z", DocumentKey.Of(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.FromHours(1))));
        Assert.Equal("1.5", DocumentKey.Of(1.5m));
        Assert.Equal("dayOfWeek", DocumentKey.Of(Sample.DayOfWeek));
        Assert.Equal("2026-01-31:EUR", DocumentKey.Of((new DateOnly(2026, 1, 31), "EUR")));
        Assert.Null(DocumentKey.Of<string>(null));
    }

    [Fact]
    public void Two_tuples_never_share_a_key() =>
        Assert.NotEqual(DocumentKey.Of(("a:b", "c")), DocumentKey.Of(("a", "b:c")));

    [Fact]
    public void A_key_that_cannot_be_stored_is_refused() =>
        Assert.All(["", "a\0b", "\ud800"], key => Assert.Throws<ArgumentException>(() => DocumentKey.Of(key)));

    [Fact]
    public void A_key_that_is_too_long_is_refused() => Assert.Throws<ArgumentException>(() => DocumentKey.Of(new string('k', 501)));

    private enum Sample
    {
        DayOfWeek,
    }
}
