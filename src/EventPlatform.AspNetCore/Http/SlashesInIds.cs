using Microsoft.AspNetCore.Http.Features;

namespace EventPlatform.AspNetCore.Http;

/// <summary>
/// Lets an id hold a slash: in a path it is written <c>%2F</c>, which the server alone leaves as it is, because decoded it would divide the path.
/// Once the route is found it divides nothing any more.
/// </summary>
internal static class SlashesInIds
{
    private const string Encoded = "%2F";

    public static void UseSlashesInIds(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<IHttpRequestFeature>()?.RawTarget.Contains(Encoded, StringComparison.OrdinalIgnoreCase) == true)
            foreach (var (name, value) in context.Request.RouteValues.ToArray())
                if (value is string text)
                    context.Request.RouteValues[name] = text.Replace(Encoded, "/", StringComparison.OrdinalIgnoreCase);
        return next(context);
    });
}
