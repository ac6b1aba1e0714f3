using System.CommandLine;
using Netra.Pipeline.Load.Reports;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>
/// The commands that load a server. Each exits with 0 when everything that was accepted has come, once and in order, with 1 when something
/// was wrong, and with 2 when it could not run.
/// </summary>
internal static class ScenarioCommands
{
    private const int MaxPages = 1_000_000;

    public static IEnumerable<Command> Create()
        => [Stream(), Publish(), ManyUsers(), Idle(), Connect(), Reconnect(), Slow(), ChaosOf(), Deploy(), Soak()];

    private static Command Stream()
    {
        var (users, devices, publishers) = (Users(100), Devices(1), Publishers());
        var (rate, events, duration) = (Rate(25), Events(0), Duration(10));
        var source = Source(
            "--source",
            "Who makes the events: ndjson or single (this program, over HTTP), or server (itself, --events of them for each page).",
            "ndjson", "single", "server");
        return Scenario(
            "stream",
            "Events for many users, paced or (--rate 0) as fast as they are taken: what is lost, and how long they take.",
            [users, devices, publishers, rate, events, duration, source],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Devices = parsed.GetValue(devices),
                Publishers = parsed.GetValue(publishers),
                Rate = parsed.GetValue(rate),
                Events = parsed.GetValue(events),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Source = options.Source == EventSource.Server ? EventSource.Server : parsed.GetValue(source),
            });
    }

    private static Command Publish()
    {
        var (users, devices, publishers) = (Users(100), Devices(0), Publishers());
        var (rate, events, duration) = (Rate(0), Events(0), Duration(10));
        var mode = Source(
            "--mode", "How events are published: ndjson (many lines a request) or single (one a request).", "ndjson", "single");
        return Scenario(
            "publish",
            "Publishing over HTTP: how long receipts take, and whether they are true. Without --devices the users' pages come when "
            + "everything is published, and read all of it.",
            [users, devices, publishers, rate, events, duration, mode],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Devices = parsed.GetValue(devices),
                Publishers = parsed.GetValue(publishers),
                Rate = parsed.GetValue(rate),
                Events = parsed.GetValue(events),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Source = parsed.GetValue(mode),
            });
    }

    private static Command ManyUsers()
    {
        var (users, publishers) = (Users(1_000_000), Publishers(32));
        var readers = ScenarioOptions.Whole(
            "--readers", 1_000, 1, MaxPages, "How many of the users have pages that read their event in the end.");
        return Scenario(
            "users",
            "One event for each of very many users, until the server has forgotten their streams again: what a user costs who came once.",
            [users, readers, publishers],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Publishers = parsed.GetValue(publishers),
                Readers = parsed.GetValue(readers),
                Devices = 0,
                Rate = 0,
                Events = 1,
                IsSingle = true,
                AwaitsEviction = true,
            });
    }

    private static Command Idle()
    {
        var (users, duration) = (Users(1_000), Duration(60));
        return Scenario(
            "idle",
            "Connections that are only held: what they cost, and whether the server keeps them.",
            [users, duration],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Source = EventSource.None,
            });
    }

    private static Command Connect()
    {
        var users = Users(1_000);
        return Scenario(
            "connect",
            "How fast connections open.",
            [users],
            (options, parsed) => options with { Users = parsed.GetValue(users), Duration = TimeSpan.Zero, Source = EventSource.None });
    }

    private static Command Reconnect()
    {
        var (users, rate, duration) = (Users(1_000), Rate(5), Duration(20));
        var storms = ScenarioOptions.Whole("--storms", 3, 1, 1_000, "How many storms there are.");
        var pause = ScenarioOptions.Number("--pause-s", 3, 0.1, 3_600, "How long pages are left alone before each storm, in seconds.");
        return Scenario(
            "reconnect",
            "All pages lose their connections at once while events come, and resume.",
            [users, rate, duration, storms, pause],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Rate = parsed.GetValue(rate),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Disturbance = new ReconnectStorm(parsed.GetValue(storms), TimeSpan.FromSeconds(parsed.GetValue(pause))),
            });
    }

    private static Command Slow()
    {
        var (users, rate, duration) = (Users(100), Rate(50), Duration(20));
        var share = ScenarioOptions.Number("--share", 0.1, 0.001, 1, "Which share of the pages is slow.");
        var stall = ScenarioOptions.Number(
            "--stall-s", 5, 0, 3_600, "How long slow pages read nothing, and then how long they read, in seconds; 0 for until the end.");
        return Scenario(
            "slow",
            "A share of the pages reads nothing for a while: the others must not notice, and nothing may be lost.",
            [users, rate, duration, share, stall],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Rate = parsed.GetValue(rate),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Disturbance = new SlowReaders(parsed.GetValue(share), TimeSpan.FromSeconds(parsed.GetValue(stall))),
            });
    }

    private static Command ChaosOf()
    {
        var (users, devices, rate, duration) = (Users(200), Devices(1), Rate(20), Duration(30));
        var every = ScenarioOptions.Number("--every-ms", 50, 1, 60_000, "How often something happens, in milliseconds.");
        var seed = ScenarioOptions.Whole("--seed", 1, 0, int.MaxValue, "Which things happen: the same seed chooses the same.");
        return Scenario(
            "chaos",
            "Pages are reset, leave, lose their network without a word and stall, publishers die in the middle; the server may be "
            + "killed and started again meanwhile. Publishers send again what was not answered, with idempotency keys.",
            [users, devices, rate, duration, every, seed],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Devices = Math.Max(1, parsed.GetValue(devices)),
                Rate = parsed.GetValue(rate),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                HasKeys = true,
                ExpectsEnds = true,
                Disturbance = new Chaos(TimeSpan.FromMilliseconds(parsed.GetValue(every)), parsed.GetValue(seed)),
            });
    }

    private static Command Deploy()
    {
        var (users, devices, rate, duration) = (Users(500), Devices(1), Rate(5), Duration(20));
        var after = ScenarioOptions.Number("--after-s", 3, 0, 3_600, "How long pages are left alone before the deployment, in seconds.");
        var command = new Option<string?>("--command")
        {
            Description = "What deploys, for sh. Without it, deploy while this runs.",
        };
        return Scenario(
            "deploy",
            "A new version takes over in mid-run: how long pages are away, whether they come back spread over time, and what is lost. "
            + "Publishers send again what was not answered, with idempotency keys.",
            [users, devices, rate, duration, after, command],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Devices = Math.Max(1, parsed.GetValue(devices)),
                Rate = parsed.GetValue(rate),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                HasKeys = true,
                Disturbance = new Rollout(TimeSpan.FromSeconds(parsed.GetValue(after)), parsed.GetValue(command)),
            });
    }

    private static Command Soak()
    {
        var (users, rate, duration) = (Users(500), Rate(5), Duration(900));
        var every = ScenarioOptions.Number("--series-s", 30, 1, 3_600, "How often a line of the report's series is taken, in seconds.");
        return Scenario(
            "soak",
            "Paced events for a long time, with a line of figures every half minute: what grows.",
            [users, rate, duration, every],
            (options, parsed) => options with
            {
                Users = parsed.GetValue(users),
                Rate = parsed.GetValue(rate),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                HasSeries = true,
                SeriesEvery = TimeSpan.FromSeconds(parsed.GetValue(every)),
            });
    }

    private static Command Scenario(string name, string description, Option[] options, Func<LoadOptions, ParseResult, LoadOptions> read)
    {
        var command = new Command(name, description);
        var common = new ScenarioOptions();
        common.AddTo(command);
        foreach (var option in options)
        {
            command.Add(option);
        }

        CommandRun.Set(command, async (parsed, cancellationToken) =>
        {
            var asked = read(common.Read(name, parsed), parsed);
            if (Problem(asked) is { } problem)
            {
                throw new LoadFailedException(problem);
            }

            await using var run = new ScenarioRun(asked);
            var result = await new LiveView(asked).RunAsync(watch => run.RunAsync(watch, cancellationToken));
            await ReportWriter.WriteAsync(result, CancellationToken.None);
            return result.ExitCode;
        });
        return command;
    }

    // What no option can see for itself.
    private static string? Problem(LoadOptions asked) => asked switch
    {
        { Target.Protocol: not LoadProtocol.Netra } and ({ Source: EventSource.Ndjson or EventSource.Single } or { Disturbance: not null })
            => $"--protocol {asked.Target.Protocol} has no publishing: {asked.Name} is for netra.",
        { Source: EventSource.Server, Devices: 0 } => "--devices is 0 and the server makes the events: nobody would get them.",
        { Source: EventSource.Server, Events: 0 } => "--events is 0 and the server makes the events: it must say how many each page gets.",
        { Source: EventSource.Ndjson or EventSource.Single, Events: 1, IsSingle: false }
            => "--events is 1: a run has at least its first and its last event.",
        { Devices: > 0 } when (long)asked.Users * asked.Devices is > MaxPages and var pages
            => $"--users times --devices is {pages}; at most {MaxPages} pages.",
        _ => null,
    };

    private static Option<EventSource> Source(string name, string description, params string[] values)
    {
        var option = new Option<EventSource>(name) { DefaultValueFactory = static _ => EventSource.Ndjson, Description = description };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static Option<int> Users(int value) => ScenarioOptions.Whole("--users", value, 1, MaxPages, "How many users there are.");

    private static Option<int> Devices(int value)
        => ScenarioOptions.Whole(
            "--devices", value, 0, 100, "How many pages each user has; 0 for pages that come when everything is published.");

    private static Option<int> Publishers(int value = 2)
        => ScenarioOptions.Whole("--publishers", value, 1, 1_000, "How many publishers share the users.");

    private static Option<double> Rate(double value)
        => ScenarioOptions.Number(
            "--rate", value, 0, 1_000_000, "How many events each user gets in a second; 0 for as fast as they are taken.");

    private static Option<double> Duration(double value)
        => ScenarioOptions.Number("--duration-s", value, 0, 1_000_000, "How long events are published, or connections held, in seconds.");

    private static Option<int> Events(int value)
        => ScenarioOptions.Whole("--events", value, 0, int.MaxValue, "How many events each user gets; 0 for as many as there is time for.");
}
