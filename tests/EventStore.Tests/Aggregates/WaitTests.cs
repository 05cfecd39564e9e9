using EventStore.Appending;

namespace EventStore.Tests.Aggregates;

/// <summary>Answers that wait for a record.</summary>
public sealed class WaitTests(AggregateCluster cluster) : IClassFixture<AggregateCluster>
{
    /// <summary>Longer than Orleans lets a call take: a wait that held up its record would end in an error.</summary>
    private static readonly TimeSpan Forever = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(Entry.Note)]
    [InlineData(Entry.Nothing)]
    [InlineData(Entry.ThrowInDecide)]
    public async Task An_answer_comes_as_soon_as_it_includes_the_record_whatever_became_of_that(Entry entry)
    {
        var diary = cluster.NewDiary();
        var record = diary.At(1, entry, "awaited");
        var waiting = new[] { Wait(), Wait() };

        await diary.TakeAsync(diary.Note(0));
        await diary.Grain.Read(); // a turn for whoever would answer now
        Assert.DoesNotContain(waiting, w => w.IsCompleted);
        await diary.TakeAsync(record);

        foreach (var page in await Task.WhenAll(waiting))
        {
            Assert.Equal(entry == Entry.Note ? ["n0", "awaited"] : ["n0"], page.Notes);
            Assert.Equal(record.Coordinates, Assert.Single(page.Positions));
        }

        Task<DiaryPage> Wait() => diary.Grain.ReadIncluding(record.Coordinates, Forever);
    }

    [Fact]
    public async Task A_record_that_was_read_long_ago_is_not_waited_for()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0), diary.Note(1));
        await diary.RestartAsync();

        Assert.Equal(["n0", "n1"], (await diary.Grain.ReadIncluding(diary.Note(0).Coordinates, Forever)).Notes);
    }

    [Fact]
    public async Task What_is_there_is_answered_when_the_time_is_over()
    {
        var diary = cluster.NewDiary();
        await diary.TakeAsync(diary.Note(0));

        Assert.Equal(["n0"], (await diary.Grain.ReadIncluding(diary.Note(1).Coordinates, TimeSpan.FromMilliseconds(50))).Notes);
        Assert.Equal(["n0"], (await diary.Grain.ReadIncluding(diary.Note(1).Coordinates, TimeSpan.Zero)).Notes);
    }

    [Fact]
    public async Task A_wait_reads_anew_what_may_have_been_stored_without_an_answer()
    {
        var diary = cluster.NewDiary();
        diary.Break(Fault.AnswerLost);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => diary.TakeAsync(diary.Note(0)));

        Assert.Equal(["n0"], (await diary.Grain.ReadIncluding(diary.Note(0).Coordinates, Forever)).Notes);
    }
}
