using System.CommandLine;
using Netra.Pipeline.Load.Reports;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>
/// The command <c>attack</c>: what hostile peers may do, against a deployment of one's own. Exits with 0 when all has held, with 1 when
/// something has not, and with 2 when it could not run.
/// </summary>
internal static class AttackCommand
{
    public static Command Create()
    {
        var url = new Option<Uri>("--url")
        {
            Required = true,
            CustomParser = ScenarioOptions.ReadUrl,
            Description = "The root of a deployment of your own, such as http://127.0.0.1:5080.",
        };
        var names = new Option<string[]>("--attack")
        {
            DefaultValueFactory = static _ => [],
            AllowMultipleArgumentsPerToken = true,
            Description = $"Which attacks: {string.Join(", ", AttackCatalogue.Names)}. All of them where none is named.",
        };
        names.AcceptOnlyFromAmong([.. AttackCatalogue.Names]);
        var duration = ScenarioOptions.Number("--duration-s", 5, 1, 600, "For how long each goes on, in seconds.");
        var calm = ScenarioOptions.Number(
            "--calm-s", 3, 0.1, 60, "For how long the well-behaved page is looked at before and after each, in seconds.");
        var factor = ScenarioOptions.Number("--factor", 3, 1, 100, "How many times as late as in calm a well-behaved page may be served.");
        var floor = ScenarioOptions.Number("--floor-ms", 25, 0, 10_000, "Below so many milliseconds nothing counts as late.");
        var memory = ScenarioOptions.Number("--memory-mb", 512, 1, 1_000_000, "How many megabytes more than before the server may hold.");
        var token = new Option<string?>("--token")
        {
            Description = "The API key or bearer token of a publisher. Where --user-tokens names no users, the key must have the scope "
                + "connect too: it gets tickets for the pages. In Development none is needed.",
        };
        var owned = new Option<bool>("--i-own-this")
        {
            Description = "The deployment is yours, or its owner has asked you to. Needed for every address but this machine's own.",
        };
        var users = ScenarioOptions.UserTokens();
        var insecure = new Option<bool>("--insecure") { Description = "Does not look at the server's certificate." };
        var pid = new Option<int?>("--pid")
        {
            Description = "The server's process on this machine, to measure its memory, handles and CPU. Linux only.",
        };
        var json = new Option<bool>("--json") { Description = "Prints one JSON object instead of a table." };
        var report = new Option<string[]>("--report")
        {
            DefaultValueFactory = static _ => [],
            Description = "A file for the report: Markdown, or JSON where its name ends in .json. May be given more than once.",
        };
        var command = new Command(
            "attack", "What hostile peers may do, bounded, a well-behaved page beside them. For deployments of yours.")
        {
            url, names, duration, calm, factor, floor, memory, token, users, owned, insecure, pid, json, report,
        };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(url) is { IsLoopback: false } other && !parsed.GetValue(owned))
            {
                parsed.AddError($"{other.Host} is not this machine. If the deployment is yours, say --i-own-this.");
            }
        });
        CommandRun.Set(command, (parsed, cancellationToken) => RunAsync(
            new AttackOptions(new LoadTarget(parsed.GetRequiredValue(url), LoadProtocol.Netra)
            {
                Token = parsed.GetValue(token),
                Users = ScenarioOptions.ReadUsers(parsed.GetValue(users)),
                IsInsecure = parsed.GetValue(insecure),
                RunName = $"attack-{Guid.NewGuid():N}"[..13],
            })
            {
                Names = parsed.GetValue(names) ?? [],
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Calm = TimeSpan.FromSeconds(parsed.GetValue(calm)),
                Factor = parsed.GetValue(factor),
                FloorMs = parsed.GetValue(floor),
                MemoryMb = parsed.GetValue(memory),
                ServerPid = parsed.GetValue(pid),
                IsJson = parsed.GetValue(json),
                ReportFiles = parsed.GetValue(report) ?? [],
            },
            CommandLine.Of(parsed),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(AttackOptions options, string commandLine, CancellationToken cancellationToken)
    {
        using var run = new AttackRun(options);
        var results = await run.RunAsync(
            result => Console.Error.WriteLine(AttackReport.Line(result)), cancellationToken);
        await AttackReport.WriteAsync(options, commandLine, results, CancellationToken.None);
        return results.All(static result => result.HasHeld) ? 0 : 1;
    }
}
