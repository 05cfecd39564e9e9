namespace EventPlatform.AspNetCore.Http;

/// <summary>Nothing is loaded from elsewhere, and nobody frames the page.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string Own = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; frame-ancestors 'none'";

    // The dashboard and the API reference come with scripts inside their pages.
    private const string Foreign = Own + "; script-src 'self' 'unsafe-inline' 'unsafe-eval'";

    public Task InvokeAsync(HttpContext context)
    {
        // At the last moment: an error's answer starts with empty headers.
        context.Response.OnStarting(Add, context);
        return next(context);
    }

    private static Task Add(object state)
    {
        var context = (HttpContext)state;
        var path = context.Request.Path;
        context.Response.Headers.ContentSecurityPolicy = path.StartsWithSegments("/dashboard") || path.StartsWithSegments("/scalar") ? Foreign : Own;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return Task.CompletedTask;
    }
}
