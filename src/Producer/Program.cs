using System.CommandLine;
using Producer;

var parsed = CommandLine.Create().Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Run.StopPatience });
foreach (var error in parsed.Errors)
    Console.Error.WriteLine(error.Message);
Console.Error.WriteLine("See --help.");
return 2;
