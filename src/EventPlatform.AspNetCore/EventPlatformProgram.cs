using EventPlatform.AspNetCore.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore;

/// <summary>Builds and runs a program; a start that cannot succeed says everything that is to change, instead of a stack trace.</summary>
public static class EventPlatformProgram
{
    /// <summary>Runs until the program is stopped.</summary>
    /// <param name="name">What to call it where it cannot start: "The API".</param>
    /// <param name="build">Builds it.</param>
    /// <returns>The exit code: 1 when it could not start.</returns>
    public static async Task<int> RunAsync(string name, Func<WebApplication> build)
    {
        try
        {
            using var limit = new StopLimit(name); // it also watches the application's disposal
            await using var app = build();
            limit.Watch(app);
            // The host would build its services first, and stop at the first of them that reads a wrong option.
            app.Services.GetService<IStartupValidator>()?.Validate();
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (Explain(e) is { Count: > 0 } errors)
        {
            await Console.Error.WriteLineAsync($"{name} cannot start:{Environment.NewLine}{string.Join(Environment.NewLine, errors.Distinct().Select(error => "  " + error))}");
            return 1;
        }
    }

    private static List<string> Explain(Exception e) => e switch
    {
        OptionsValidationException options => [.. options.Failures],
        OrleansConfigurationException orleans => [.. orleans.Message.Split(Environment.NewLine)],
        AggregateException many when many.InnerExceptions.All(inner => Explain(inner).Count > 0) => [.. many.InnerExceptions.SelectMany(Explain)],
        InvalidOperationException { InnerException: FormatException or OverflowException or ArgumentException } unreadable =>
            [$"{unreadable.Message} {unreadable.InnerException!.InnerException?.Message ?? unreadable.InnerException.Message}"],
        StartupException or IOException { InnerException: AddressInUseException } => [e.Message],
        _ => [],
    };
}
