using EventPlatform.AspNetCore.Hosting;
using EventPlatform.AspNetCore.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Api.Tests.Http;

/// <summary>Behind a proxy, or in a container.</summary>
public sealed class OtherSitesTests
{
    [Theory]
    [InlineData(true, "shop.lan", null, "shop.lan; api", false)] // a proxy that passes the name on
    [InlineData(true, "127.0.0.1:5080", "http://shop.lan", "shop.lan", false)] // one that does not
    [InlineData(false, "127.0.0.1:5080", "http://shop.lan", "", true)]
    [InlineData(true, "anything", "http://anything", "", true)]
    [InlineData(false, "anything", "http://anything", "api", true)] // a foreign name that leads here
    [InlineData(true, "api:8080", null, "api", true)]
    [InlineData(false, "shop.lan", null, "", false)]
    public async Task Who_is_let_in_depends_on_the_names_that_are_ours(bool isLetIn, string host, string? origin, string names, bool isAnonymous)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().AddProblemDetails().BuildServiceProvider() };
        (context.Request.Method, context.Request.Host) = ("POST", new HostString(host));
        context.Request.Headers.Origin = origin;
        var wasLetIn = false;
        await new OtherSites(
            _ =>
            {
                wasLetIn = true;
                return Task.CompletedTask;
            },
            Options.Create(new ApiOptions { HostNames = names, AllowAnonymous = isAnonymous })).InvokeAsync(context);
        Assert.Equal((isLetIn, isLetIn ? 200 : 403), (wasLetIn, context.Response.StatusCode));
    }
}
