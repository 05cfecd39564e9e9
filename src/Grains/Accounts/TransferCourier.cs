using Contracts.Accounts;
using EventStore.Aggregates;
using EventStore.Projections;

namespace Grains.Accounts;

/// <summary>
/// Carries transfers to their receivers: for each first leg in the store it makes the second, or returns the money when the receiver cannot take it.
/// The store's events are its to-do list and its checkpoint the tick mark, so a crash between the legs is followed by the second leg; the ids of its
/// commands follow from the transfer's, so doing it twice does it once.
/// </summary>
public sealed class TransferCourier(IGrainFactory grains) : IEventSubscriber
{
    private const int AtOnce = 64;

    public string Name => "transfer-courier";

    public IReadOnlyCollection<Type> Events => [typeof(TransferSent)];

    public async ValueTask HandleAsync(IReadOnlyList<SubscribedEvent> events, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            events.Select(e => (TransferSent)e.Event),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (transfer, _) => await DeliverAsync(transfer));

    private async Task DeliverAsync(TransferSent transfer)
    {
        // A sender may use an id that another sender uses as well: its own account is part of what identifies a transfer.
        var (from, id) = (transfer.From, transfer.TransferId);
        var content = FormattableString.Invariant($"{transfer.To} {transfer.Amount} {transfer.Currency} {transfer.At:O}");
        var received = await grains.GetGrain<IAccountGrain>(transfer.To).ReceiveTransfer(new CommandId(TransferCommands.Receive(from, id), content), transfer);
        if (received.Outcome == ReceiptOutcome.Accepted)
            return;
        // Only a refusal leaves the money to be returned: a conflict says nothing of where it is.
        if (received.Outcome != ReceiptOutcome.Rejected)
            throw new InvalidOperationException($"Transfer {id} of {from} was not delivered: {received.Outcome}, {received.Reason}");
        var returned = await grains.GetGrain<IAccountGrain>(from)
            .ReturnTransfer(new CommandId(TransferCommands.Return(from, id), content), transfer, received.Reason ?? "the receiver did not take it");
        if (returned.Outcome != ReceiptOutcome.Accepted)
            throw new InvalidOperationException($"Transfer {id} of {from} could neither be delivered ({received.Reason}) nor returned ({returned.Reason}).");
    }
}
