using System.Security.Cryptography;
using System.Text.Json;
using EventStore.Aggregates;

namespace EventPlatform.AspNetCore.Http;

/// <summary>What a request says about itself: its identity and who sent it.</summary>
internal static class Callers
{
    public const string IdempotencyKey = "Idempotency-Key";
    public const string Operator = "X-Operator";

    /// <summary>The key that makes a repetition recognisable, or null when none was given.</summary>
    public static string? ReadIdempotencyKey(this HttpContext context, Checks checks)
    {
        var key = Header(context, IdempotencyKey, checks);
        foreach (var reserved in context.RequestServices.GetServices<ReservedKeys>())
        {
            if (key?.StartsWith(reserved.Prefix, StringComparison.Ordinal) == true)
                checks.Add(IdempotencyKey, $"It must not begin with '{reserved.Prefix}': {reserved.Why}");
        }

        return key;
    }

    /// <summary>The command's identity: the caller's key, or a random one; and a digest of all that it says.</summary>
    public static CommandId Command(this HttpContext context, string? key, string what, object content)
    {
        if (key is null)
            context.Items[IdempotencyKey] = key = Guid.NewGuid().ToString();
        return new(key, Convert.ToHexStringLower(SHA256.HashData(
            [.. System.Text.Encoding.UTF8.GetBytes(what), 0, .. JsonSerializer.SerializeToUtf8Bytes(content, ApiJson.Options)])));
    }

    /// <summary>The random id of this request's command, or null when it has none.</summary>
    public static string? RandomId(this HttpContext context) => context.Items[IdempotencyKey] as string;

    /// <summary>Who acts, for the record. Without authentication it is what the caller says, and the address that it came from.</summary>
    public static string ReadOperator(this HttpContext context, Checks checks) =>
        Header(context, Operator, checks) ?? $"anonymous from {context.Connection.RemoteIpAddress}";

    private static string? Header(HttpContext context, string name, Checks checks)
    {
        if (!context.Request.Headers.TryGetValue(name, out var values))
            return null;
        var value = values.ToString();
        if (values.Count == 1 && value.Length is > 0 and <= 200 && value.All(c => c is > ' ' and < (char)127 or ' '))
            return value;
        checks.Add(name, "It must be given once, with 1 to 200 printable ASCII characters.");
        return null;
    }
}
