using Api.Accounts;
using Api.Ingest;
using Api.Live;
using Api.Transfers;
using Api.Users;
using EventPlatform.AspNetCore;
using Grains;
using OpenTelemetry.Resources;

return await EventPlatformProgram.RunAsync("The API", () =>
{
    // Settings and the page lie beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddEventPlatformApi(Shop.Define);
    builder.Services.AddOpenApi(); // called here too, it finds what is written of the shop's own types
    builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("streaming-api"));
    builder.AddAccounts();
    builder.AddTransfers();
    builder.AddShopIngest();
    builder.AddLive();

    var app = builder.Build();
    app.MapUsers();
    app.MapActivity();
    app.MapAccounts();
    app.MapTransfers();
    app.MapShopIngest();
    app.MapLive();
    app.MapEventPlatform();
    return app;
});
