using Testing.Registry;

namespace AppHost.Tests.Registry;

public sealed class RegistryServerTests(RegistryServer registry)
{
    [RegistryFact]
    public async Task A_new_registry_knows_no_subject()
    {
        using var http = new HttpClient();
        Assert.Equal("[]", await http.GetStringAsync(new Uri($"{await registry.GetUrlAsync()}/subjects")));
    }
}
