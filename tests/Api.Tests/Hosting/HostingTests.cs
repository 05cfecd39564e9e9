using EventPlatform.AspNetCore;
using Grains;
using Microsoft.AspNetCore.Builder;

namespace Api.Tests.Hosting;

public sealed class HostingTests
{
    [Fact]
    public void A_program_that_shall_be_silo_and_API_is_told_how()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["ConnectionStrings:Postgres"] = "Host=127.0.0.1";
        builder.AddEventPlatformSilo(Shop.Define);
        Assert.Contains(nameof(EventPlatformHosting.AddEventPlatform), Assert.Throws<InvalidOperationException>(() => builder.AddEventPlatformApi(Shop.Define)).Message, StringComparison.Ordinal);
    }
}
