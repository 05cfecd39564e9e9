using System.Globalization;
using Spectre.Console;

namespace Producer;

/// <summary>A progress bar with the rate, where there is somebody to see it.</summary>
internal static class Progress
{
    public static async Task ShowAsync(Settings settings, Func<(long Acknowledged, TimeSpan Elapsed)> now, Func<Task> work)
    {
        if (Console.IsOutputRedirected || settings.Json)
        {
            await work();
            return;
        }

        await AnsiConsole.Progress().AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask("sending", maxValue: settings.Events ?? settings.Duration?.TotalSeconds ?? 1);
                bar.IsIndeterminate = settings.Events is null && settings.Duration is null;
                using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
                var sending = work();
                while (!sending.IsCompleted)
                {
                    await Task.WhenAny(sending, timer.WaitForNextTickAsync().AsTask());
                    var (acknowledged, elapsed) = now();
                    bar.Value = settings.Events is not null ? acknowledged : elapsed.TotalSeconds;
                    bar.Description = string.Create(CultureInfo.InvariantCulture, $"{acknowledged:#,0} records, {acknowledged / Math.Max(elapsed.TotalSeconds, 0.001):#,0}/s");
                }

                await sending;
            });
    }
}
