using System.Globalization;
using Spectre.Console;

namespace AppHost.Running;

/// <summary>Tells the user what happens: a line for each thing done, and on a terminal what is waited for.</summary>
/// <param name="console">Where.</param>
/// <param name="time">The clock.</param>
/// <param name="isLog">Whether each line has the time before it.</param>
public sealed class Narrator(IAnsiConsole console, TimeProvider time, bool isLog = false)
{
    /// <summary>How logs say the time, in UTC: as those of silos and the API do.</summary>
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    private readonly Lock _lock = new();
    private readonly List<string> _open = [];
    private StatusContext? _status;

    /// <summary>Runs the start with what is under way in view.</summary>
    public Task DuringAsync(Func<Task> work) => !console.Profile.Capabilities.Interactive ? work() : console.Status().StartAsync("Starting", status =>
    {
        _status = status;
        return work();
    });

    /// <summary>Does one thing and says what came of it, with the seconds it took.</summary>
    public async Task<T> StepAsync<T>(string what, Func<Task<T>> work, Func<T, string> outcome)
    {
        var start = time.GetTimestamp();
        Under(what, true);
        try
        {
            var result = await work();
            Line(what, outcome(result), time.GetElapsedTime(start));
            return result;
        }
        finally
        {
            Under(what, false);
        }
    }

    /// <summary>Says something.</summary>
    public void Say(string text)
    {
        lock (_lock)
        {
            // Spectre breaks lines at the terminal's width, and at 80 characters where there is none: in a log an address must stay whole.
            if (console.Profile.Capabilities.Interactive)
                console.WriteLine(text);
            else
                console.Profile.Out.Writer.WriteLine(isLog ? WithTime(text) : text);
        }
    }

    private string WithTime(string text)
    {
        var now = time.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture);
        return now + text.ReplaceLineEndings(Environment.NewLine + now);
    }

    private void Line(string what, string outcome, TimeSpan took) =>
        Say(string.Create(CultureInfo.InvariantCulture, $"  {what,-12} {outcome} ({took.TotalSeconds:0.0} s)"));

    private void Under(string what, bool open)
    {
        lock (_lock)
        {
            if (open)
                _open.Add(what);
            else
                _open.Remove(what);
            _status?.Status(_open.Count == 0 ? "Starting" : $"Waiting for {Markup.Escape(string.Join(", ", _open))}");
        }
    }
}
