using Microsoft.Extensions.Options;

namespace Api.Hosting;

/// <summary>Builds and runs the application; a start that cannot succeed ends with what to change, not with a stack trace.</summary>
internal static class ApiRun
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
        catch (Exception e) when (Explain(e) is { } what)
        {
            await Console.Error.WriteLineAsync($"The API cannot start:{System.Environment.NewLine}{what}");
            return 1;
        }
    }

    private static string? Explain(Exception e) => e switch
    {
        OptionsValidationException options => string.Join(System.Environment.NewLine, options.Failures.Select(f => "  " + f)),
        AggregateException many when many.InnerExceptions.All(inner => Explain(inner) is not null) =>
            string.Join(System.Environment.NewLine, many.InnerExceptions.Select(Explain).Distinct()),
        StartupException or IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => "  " + e.Message,
        _ => null,
    };
}
