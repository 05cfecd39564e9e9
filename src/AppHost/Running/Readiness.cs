using AppHost.Processes;

namespace AppHost.Running;

/// <summary>Waits for a part to say that it is ready.</summary>
internal static class Readiness
{
    private const int RestartsBeforeGivingUp = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(5);
    private static readonly HttpClient Http = new() { Timeout = AnswerPatience };

    /// <summary>Null when it is ready; after two minutes, what it says instead: it may wait for something that is not ours.</summary>
    /// <exception cref="InvalidOperationException">It ends again and again; the message has its last words.</exception>
    public static async Task<string?> WaitAsync(Supervisor part, string url, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var start = time.GetTimestamp(); ; await Task.Delay(Pause, time, cancellationToken))
        {
            var problem = await ProblemAsync(url, cancellationToken);
            if (problem is null || time.GetElapsedTime(start) > Patience)
                return problem;
            if (part.Restarts >= RestartsBeforeGivingUp)
                throw new InvalidOperationException($"{part.Part.Name} does not stay up. Its last words:{Environment.NewLine}{LogTail.Of(part.Part.LogFile)}");
        }
    }

    /// <summary>Null when the address answers with success, else what it says.</summary>
    public static async Task<string?> ProblemAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(url), cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"it answers {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"it does not answer within {AnswerPatience.TotalSeconds} s";
        }
    }
}
