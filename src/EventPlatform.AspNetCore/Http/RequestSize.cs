using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace EventPlatform.AspNetCore.Http;

/// <summary>Bounds the body of every request.</summary>
internal sealed class RequestSize(RequestDelegate next, IOptions<Hosting.ApiOptions> options)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = options.Value.MaxRequestBytes;
        return next(context);
    }
}
