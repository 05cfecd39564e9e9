using EventPlatform.AspNetCore;
using Grains;

return await EventPlatformProgram.RunAsync("The silo", () =>
{
    // Settings lie beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.AddEventPlatformSilo(Shop.Define);
    var app = builder.Build();
    app.MapEventPlatform();
    return app;
});
