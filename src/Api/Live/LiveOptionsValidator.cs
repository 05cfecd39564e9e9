using Microsoft.Extensions.Options;

namespace Api.Live;

/// <summary>Finds every mistake in the options at once, so that one start shows them all.</summary>
internal sealed class LiveOptionsValidator : IValidateOptions<LiveOptions>
{
    public ValidateOptionsResult Validate(string? name, LiveOptions options)
    {
        var errors = Errors(options).Select(error => $"{LiveOptions.Section}:{error}").ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(LiveOptions o)
    {
        if (o.MaxLiveClients is < 1 or > 10_000)
            yield return $"{nameof(o.MaxLiveClients)} is {o.MaxLiveClients}: it must lie between 1 and 10,000.";
        if (o.LiveInterval < TimeSpan.FromMilliseconds(50) || o.LiveInterval > TimeSpan.FromSeconds(10))
            yield return $"{nameof(o.LiveInterval)} is {o.LiveInterval}: it must lie between 50 milliseconds and 10 seconds.";
    }
}
