using System.Text.RegularExpressions;

namespace Api.Tests.Page;

public sealed partial class PageTests(ShopSystem system)
{
    [Fact]
    public async Task Everything_that_the_page_names_is_served_and_nothing_comes_from_elsewhere()
    {
        var (wanted, seen) = (new Queue<string>(["/index.html"]), new HashSet<string>());
        while (wanted.TryDequeue(out var path))
        {
            if (!seen.Add(path))
                continue;
            using var response = await system.Http.GetAsync(path);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
            if (NotOurs().IsMatch(path) || response.Content.Headers.ContentType?.MediaType is not ("text/html" or "text/javascript" or "text/css"))
                continue;
            var text = await response.Content.ReadAsStringAsync();
            Assert.DoesNotMatch(Elsewhere(), text);
            foreach (Match link in Links().Matches(text))
                wanted.Enqueue(new Uri(new Uri(new Uri("http://page"), path), link.Groups["path"].Value).AbsolutePath);
        }

        Assert.Superset(new HashSet<string> { "/js/main.js", "/js/dom.js", "/style.css", "/lib/uplot/uPlot.iife.min.js", "/health/ready", "/dashboard/", "/scalar/" }, seen);
    }

    [GeneratedRegex("/(lib|dashboard|scalar)/")]
    private static partial Regex NotOurs();

    [GeneratedRegex("""(?:src|href)="(?<path>[^"#]+)"|from '(?<path>\./[^']+)'""")]
    private static partial Regex Links();

    [GeneratedRegex("""(?:src|href)=["']?https?:|url\(["']?https?:|(?:import|fetch|EventSource)\(?\s*['"`]https?:""")]
    private static partial Regex Elsewhere();
}
