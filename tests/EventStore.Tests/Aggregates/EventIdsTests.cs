using EventStore.Aggregates;

namespace EventStore.Tests.Aggregates;

public sealed class EventIdsTests
{
    [Fact]
    public void A_uuid_is_taken_as_it_is_and_any_other_text_by_its_UUIDv5()
    {
        // The second value was computed by another program: python3 -c "import uuid; print(uuid.uuid5(uuid.UUID('5d0c1c0e-7a52-4f6b-9b0d-3c1a6e9f2b77'), 'order-1 ä'))"
        Assert.Equal(new Guid("0af76519-16cd-43dd-8448-eb211c80319c"), EventIds.OfRecord("0AF76519-16CD-43DD-8448-EB211C80319C"));
        Assert.Equal(new Guid("662e4ee4-6515-50b0-baee-4f0dd1d17973"), EventIds.OfRecord("order-1 ä"));
    }

    [Fact]
    public void Events_and_commands_follow_from_their_first_id_and_their_stream()
    {
        var id = EventIds.OfRecord("order-1 ä");

        Assert.Equal(id, EventIds.OfEvent(id, 0));
        Assert.Equal(new Guid("42518f1a-825f-571d-9ec4-e97272e92296"), EventIds.OfEvent(id, 1));
        Assert.Equal(new Guid("c7609b1c-b3af-55aa-ac09-35438537d044"), EventIds.OfCommand("order/1", "c"));
    }

    [Fact]
    public void A_digest_is_half_a_SHA256_of_the_body_behind_the_header()
    {
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223", EventIds.Digest("12345abc"u8, 5));
        Assert.Equal(EventIds.Digest([], 0), EventIds.Digest("123"u8, 5));
        Assert.Equal(EventIds.Digest((string?)null), EventIds.Digest(""));
    }
}
