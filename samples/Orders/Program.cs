using EventPlatform.AspNetCore;
using EventStore.Aggregates;
using OrderSample;

return await EventPlatformProgram.RunAsync("The application", () =>
{
    // Settings and schemas lie beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    builder.UseRunningSystem();
    builder.AddEventPlatform(Orders.Define);

    var app = builder.Build();
    app.MapEventPlatform();
    app.MapGet("/orders/{id}", (string id, IGrainFactory grains) => grains.GetGrain<IOrderGrain>(id).Get());
    app.MapPost("/orders/{id}/cancel", (string id, string why, HttpRequest request, IGrainFactory grains) =>
        grains.GetGrain<IOrderGrain>(id).Cancel(request.Headers["Idempotency-Key"].FirstOrDefault() is { } key ? new CommandId(key) : CommandId.New(), why));
    return app;
});
