using System.Runtime.CompilerServices;

namespace EventStore.Projections.Running;

/// <summary>Reads the next page while the one before it is taken.</summary>
internal static class ReadAhead
{
    /// <summary>The same pages. What is not there yet is not waited for ahead: a page at the end is followed when it has been taken.</summary>
    /// <param name="pages">The pages. They are read beside the caller.</param>
    /// <param name="isAtEnd">Whether nothing more was there when a page was read.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async IAsyncEnumerable<T> OneAhead<T>(
        this IAsyncEnumerable<T> pages, Func<T, bool> isAtEnd, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var reader = pages.GetAsyncEnumerator(ending.Token);
        Task<bool> ReadAsync() => Task.Run(() => reader.MoveNextAsync().AsTask(), CancellationToken.None);
        var next = ReadAsync();
        try
        {
            while (await next)
            {
                var page = reader.Current;
                var isLast = isAtEnd(page);
                if (!isLast)
                    next = ReadAsync();
                yield return page;
                if (isLast)
                    next = ReadAsync();
            }
        }
        finally
        {
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // a reader must not be disposed of while it reads
        }
    }
}
