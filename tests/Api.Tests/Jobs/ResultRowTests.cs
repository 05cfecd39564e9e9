using System.Text.Json.Nodes;
using EventPlatform.AspNetCore.Jobs;

namespace Api.Tests.Jobs;

/// <summary>A result as HTTP shows it, whatever the job's results are.</summary>
public sealed class ResultRowTests
{
    [Theory]
    [InlineData("3", """ "value":3 """)]
    [InlineData("null", """ "value":null """)]
    [InlineData("\"text\"", """ "value":"text" """)]
    [InlineData("[1,[2]]", """ "value":[1,[2]] """)]
    [InlineData("""{"c":1}""", """ "c":1 """)]
    [InlineData("""{"k":1,"ws":2,"we":3,"revision":4,"state":"paid","State":5}""", """ "value_k":1,"value_ws":2,"value_we":3,"value_revision":4,"value_state":"paid","State":5 """)]
    public void Every_result_has_a_row_and_no_field_of_it_hides_another(string value, string fields) => Assert.Equal(
        $$"""{"ws":"1970-01-01T00:00:00.000Z","we":"1970-01-01T00:00:00.010Z","k":"a",{{fields.Trim()}},"revision":0,"state":"final"}""",
        ResultEndpoint.Row("a", 0, 10, JsonNode.Parse(value), 0, "final").ToJsonString());
}
