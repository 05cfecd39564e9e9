using System.Text.Json;

namespace AppHost.Running;

/// <summary>Looks at the page's feed until it shows something that happened after a moment.</summary>
internal static class FirstEvent
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(200);

    /// <summary>The first user on the page with an event after <paramref name="since"/>; null when two minutes have shown none: what is wrong may not pass by itself.</summary>
    public static async Task<string?> OfUserAsync(string api, DateTimeOffset since, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await LookAsync(api, since, time, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<string> LookAsync(string api, DateTimeOffset since, TimeProvider time, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        while (true)
        {
            try
            {
                if (await ReadAsync(http, api, since, cancellationToken) is { } user)
                    return user;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The API restarts, or its feed has not begun.
            }

            await Task.Delay(RetryPause, time, cancellationToken);
        }
    }

    private static async Task<string?> ReadAsync(HttpClient http, string api, DateTimeOffset since, CancellationToken cancellationToken)
    {
        using var feed = new StreamReader(await http.GetStreamAsync(new Uri($"{api}/live"), cancellationToken));
        while (await feed.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal) && NewUser(line[5..], since) is { } user)
                return user;
        }

        return null;
    }

    private static string? NewUser(string json, DateTimeOffset since)
    {
        using var snapshot = JsonDocument.Parse(json);
        return snapshot.RootElement.ValueKind is JsonValueKind.Object && snapshot.RootElement.TryGetProperty("users", out var users)
            && users.ValueKind is JsonValueKind.Array
            ? users.EnumerateArray().Where(u => u.GetProperty("at").GetDateTimeOffset() >= since).Select(u => u.GetProperty("id").GetString()).FirstOrDefault()
            : null;
    }
}
