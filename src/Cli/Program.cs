using System.CommandLine;
using Cli;
using Cli.Audit;

var root = new RootCommand("The operator's tools.")
{
    AuditCommand.Create(), TailCommand.Create(), TopicsCommand.Create(), SchemasCommand.Create(), ReplayCommand.Create(), DeadLettersCommand.Create(), JobsCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync();
foreach (var error in parsed.Errors)
    Console.Error.WriteLine(error.Message);
return 2;
