using System.Net;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Http;

/// <summary>
/// Keeps the pages of other sites out. Who may reach the API may change everything, and a browser on this machine may: whatever page it shows could have it send requests here.
/// </summary>
internal sealed class OtherSites(RequestDelegate next, IOptions<Hosting.ApiOptions> options, IConfiguration configuration)
{
    // Who names the hosts has ASP.NET refuse the others.
    private readonly bool _hostsAreNamed = configuration["AllowedHosts"] is { Length: > 0 } hosts && hosts != "*";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!options.Value.AllowAnonymous && !_hostsAreNamed && !IsLoopback(request.Host.Host))
            return RefuseAsync(context, $"Nobody but this machine is served, and '{request.Host}' is no name of it. Behind a proxy that decides who may come in, name the host in AllowedHosts or set Api:AllowAnonymous=true.");
        if (!IsRead(request.Method) && IsOfAnotherSite(request))
            return RefuseAsync(context, "A page of another site may not change anything here.");
        return next(context);
    }

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    // Programs send neither header. Another port of this machine is the same site, but another origin.
    private static bool IsOfAnotherSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site ? site is not ("same-origin" or "none")
        : request.Headers.Origin.ToString() is { Length: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));

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
