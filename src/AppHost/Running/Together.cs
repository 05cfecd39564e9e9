namespace AppHost.Running;

/// <summary>Steps that are under way beside each other.</summary>
internal static class Together
{
    /// <summary>Returns when all have succeeded. The first that fails ends the waiting of the others, and is what is thrown: nobody waits for what can come to nothing.</summary>
    /// <param name="steps">The steps; what each is given is cancelled when another has failed.</param>
    /// <param name="cancellationToken">Cancels all of them.</param>
    public static async Task AllAsync(IEnumerable<Func<CancellationToken, Task>> steps, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running = [.. steps.Select(step => step(stop.Token))];
        await foreach (var ended in Task.WhenEach(running))
        {
            if (ended.IsCompletedSuccessfully)
                continue;
            await stop.CancelAsync();
            // Who stops the parts must know of all that were begun. What the others say is that they were cancelled, or follows from the first.
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ended;
        }
    }
}
