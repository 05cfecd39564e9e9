using System.CommandLine;
using AppHost.Commands;

var root = new RootCommand("Runs the whole system on one machine.") { UpCommand.Create(), DownCommand.Create(), StatusCommand.Create(), EnvCommand.Create() };
// A clean stop takes its time: silos hand over, Postgres writes a checkpoint.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(3), EnableDefaultExceptionHandler = false };
try
{
    return await root.Parse(args).InvokeAsync(invocation);
}
catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
