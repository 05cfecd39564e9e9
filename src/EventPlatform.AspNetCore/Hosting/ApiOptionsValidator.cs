using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Hosting;

/// <summary>Finds every mistake in the options at once, so that one start shows them all.</summary>
internal sealed class ApiOptionsValidator : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        var errors = Errors(options).Select(error => $"{ApiOptions.Section}:{error}").ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(ApiOptions o)
    {
        if (o.RequestTimeout < TimeSpan.FromSeconds(1) || o.RequestTimeout > TimeSpan.FromMinutes(5))
            yield return $"{nameof(o.RequestTimeout)} is {o.RequestTimeout}: it must lie between 1 second and 5 minutes.";
        if (o.ClusterTimeout < TimeSpan.FromMilliseconds(100) || o.ClusterTimeout >= o.RequestTimeout)
            yield return $"{nameof(o.ClusterTimeout)} is {o.ClusterTimeout}: it must be at least 100 ms and less than {nameof(o.RequestTimeout)} ({o.RequestTimeout}).";
        if (o.MaxRequestBytes is < 1024 or > 256 * 1024 * 1024)
            yield return $"{nameof(o.MaxRequestBytes)} is {o.MaxRequestBytes}: it must lie between 1 KiB and 256 MiB.";
        if (o.MaxBatchEvents is < 1 or > 100_000)
            yield return $"{nameof(o.MaxBatchEvents)} is {o.MaxBatchEvents}: it must lie between 1 and 100,000.";
    }
}
