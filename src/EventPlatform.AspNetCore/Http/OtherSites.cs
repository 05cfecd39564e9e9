using System.Net;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Http;

/// <summary>
/// Keeps the pages of other sites out. Who may reach the API may change everything, and a browser on this machine may: whatever page it shows could have it send requests here.
/// </summary>
internal sealed class OtherSites(RequestDelegate next, IOptions<Hosting.ApiOptions> options)
{
    private readonly string[] _names = options.Value.HostNames.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if ((!options.Value.AllowAnonymous || _names.Length > 0) && !IsOurs(request.Host.Host))
            return RefuseAsync(context, $"'{request.Host}' is no name of this machine, nor one of Api:HostNames. Behind a proxy that decides who may come in, name it there.");
        if (!IsRead(request.Method) && IsOfAnotherSite(request))
            return RefuseAsync(context, "A page of another site may not change anything here. Behind a proxy that does not pass the Host header on, name the page's host in Api:HostNames.");
        return next(context);
    }

    private bool IsOurs(string host) => IsLoopback(host) || _names.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    // Programs send neither header. Another port of this machine is the same site, but another origin.
    private bool IsOfAnotherSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site ? site is not ("same-origin" or "none")
        : request.Headers.Origin.ToString() is { Length: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && (uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase) || _names.Contains(uri.Host, StringComparer.OrdinalIgnoreCase)));

    // A name that a foreign name server gives for this machine's address is none of these.
    private static bool IsLoopback(string host) =>
        host.Length == 0 || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);

    private static Task RefuseAsync(HttpContext context, string detail)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Problems.WriteAsync(context, new ProblemDetails { Status = StatusCodes.Status403Forbidden, Detail = detail });
    }
}
