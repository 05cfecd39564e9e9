using System.CommandLine;
using AppHost.Running;

namespace AppHost.Commands;

internal static class UpCommand
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var silos = new Option<int>("--silos") { Description = "How many silos, each a process of its own.", DefaultValueFactory = _ => 1 };
        var port = new Option<int>("--port") { Description = "The page's port; the next free one when it is taken.", DefaultValueFactory = _ => 5080 };
        var kafka = new Option<string?>("--kafka")
        {
            Description = "emulator, apache (needs KAFKA_HOME and Java 17), or the address of a broker as host:port, where missing topics are created. Default: Kafka:BootstrapServers, else apache where it can be, else emulator.",
        };
        var noDemo = new Option<bool>("--no-demo") { Description = "Without the gentle load." };
        var detach = new Option<bool>("--detach") { Description = "Leave it running in the background; `down` stops it." };
        var inBackground = new Option<bool>("--in-background") { Description = "What --detach starts: its output is a log.", Hidden = true };
        var settings = new Argument<string[]>("settings") { Description = "After --: settings for every part, as Name:Sub=value; docs/configuration.md lists them.", Arity = ArgumentArity.ZeroOrMore };
        silos.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 16)
                result.AddError("--silos is from 1 to 16.");
        });
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 65535)
                result.AddError("--port is from 1 to 65535.");
        });

        kafka.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } given and not ("emulator" or "apache") && Broker.WrongAddress(given) is { } wrong)
                result.AddError($"--kafka is emulator, apache, or host:port (several separated by commas), unlike '{wrong}'.");
        });

        var command = new Command("up", """
            Starts the whole system, or brings back what is gone of a running one.
            Exit codes: 0 it runs, 1 it does not start, 4 it ran already, with other options or settings than those given now.
            """) { data, silos, port, kafka, noDemo, detach, inBackground, settings };
        // What is no option counts as a setting, which cannot begin with a dash.
        settings.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Select(t => t.Value))
            {
                if (token.StartsWith('-'))
                    result.AddError($"There is no option '{token}'{DidYouMean(Nearest.To(token, command.Options.Where(o => !o.Hidden).Select(o => o.Name)))}. Settings come after --, as Name:Sub=value.");
                else if (Trouble(token) is { IsMistake: true } mistake)
                    result.AddError($"After --: {mistake.Words} docs/configuration.md lists them.");
            }
        });
        command.SetAction((parsed, stop) =>
        {
            foreach (var setting in parsed.GetValue(settings) ?? [])
            {
                if (!parsed.GetValue(inBackground) && Trouble(setting) is { } trouble)
                    Console.Error.WriteLine($"Of this system's own parts none reads a setting after --: {trouble.Words}. It is passed on.");
            }

            var folder = Path.GetFullPath(parsed.GetValue(data)!);
            var options = new UpOptions(folder, parsed.GetValue(silos), parsed.GetValue(port), !parsed.GetValue(noDemo), parsed.GetValue(kafka),
                Settings.Load(folder, parsed.GetValue(settings) ?? []))
            {
                Named = [.. new Option[] { silos, port, kafka, noDemo }.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name)],
            };
            return Up.RunAsync(options, parsed.GetValue(detach), parsed.GetValue(inBackground), stop);
        });
        return command;
    }

    private static (string Words, bool IsMistake)? Trouble(string setting) => KnownSettings.Trouble(setting.Split('=', 2)[0]);

    private static string DidYouMean(string? nearest) => nearest is null ? "" : $"; did you mean {nearest}?";
}
