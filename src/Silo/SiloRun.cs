using Microsoft.Extensions.Options;

namespace Silo;

/// <summary>Builds and runs the silo; a start that cannot succeed says everything that is to change, and ends.</summary>
internal static class SiloRun
{
    public static async Task<int> ToEndAsync(Func<WebApplication> build)
    {
        try
        {
            await using var app = build();
            // The host would build its services first, and stop at the first of them that reads a wrong option.
            app.Services.GetService<IStartupValidator>()?.Validate();
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (Explain(e) is { Count: > 0 } errors)
        {
            await Console.Error.WriteLineAsync($"The silo cannot start:{Environment.NewLine}{string.Join(Environment.NewLine, errors.Distinct().Select(error => "  " + error))}");
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
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => [e.Message],
        _ => [],
    };
}
