using System.CommandLine;
using System.CommandLine.Parsing;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>The options that all scenarios have, with their limits.</summary>
internal sealed class ScenarioOptions
{
    private readonly Option<Uri> _url = new("--url")
    {
        Required = true,
        CustomParser = ReadUrl,
        Description = "The deployment's root, such as http://127.0.0.1:5080.",
    };

    private readonly Option<LoadProtocol> _protocol = new("--protocol")
    {
        DefaultValueFactory = static _ => LoadProtocol.Netra,
        Description = "What its sockets speak: netra, plain, signalr or socketio. Servers that speak another than netra make the events "
            + "themselves.",
    };

    private readonly Option<string?> _token = new("--token")
    {
        Description = "The bearer token of a publisher. In Development none is needed.",
    };

    private readonly Option<FileInfo?> _userTokens = UserTokens();

    private readonly Option<bool> _insecure = new("--insecure")
    {
        Description = "Does not look at the server's certificate.",
    };

    private readonly Option<double> _connectRate = Number(
        "--connect-rate", 0, 0, 1_000_000, "How many connections are begun in a second; 0 for as fast as they open.");

    private readonly Option<double> _patience = Number(
        "--patience-s", 30, 1, 3_600, "How long nothing may come, in seconds, before what is missing counts as lost.");

    private readonly Option<int?> _serverPid = new("--server-pid")
    {
        Description = "The server's process on this machine, to measure its CPU and memory. Linux only.",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Prints one JSON object instead of a table." };

    private readonly Option<string[]> _report = new("--report")
    {
        DefaultValueFactory = static _ => [],
        Description = "A file for the report: Markdown, or JSON where its name ends in .json. May be given more than once.",
    };

    /// <summary>An option with a file of users.</summary>
    public static Option<FileInfo?> UserTokens() => new("--user-tokens")
    {
        Description = "A file with a user's id and bearer token a line, with a space between. In Development none is needed: pages name "
            + "users of the run.",
    };

    /// <summary>Reads a file of users; none where there is no file.</summary>
    public static IReadOnlyList<LoadUser> ReadUsers(FileInfo? file)
        => file is null ? [] : [.. File.ReadAllLines(file.FullName).Where(static line => line.Length > 0).Select(ReadUser)];

    /// <summary>An option with a number in a range.</summary>
    public static Option<double> Number(string name, double value, double min, double max, string description)
    {
        var option = new Option<double>(name)
        {
            DefaultValueFactory = _ => value,
            Description = $"{description} {min:0.###} to {max:N0}; default {value:0.###}.",
        };
        option.Validators.Add(result => Check(result, result.GetValueOrDefault<double>(), min, max));
        return option;
    }

    /// <summary>An option with a whole number in a range.</summary>
    public static Option<int> Whole(string name, int value, int min, int max, string description)
    {
        var option = new Option<int>(name)
        {
            DefaultValueFactory = _ => value,
            Description = $"{description} {min:N0} to {max:N0}; default {value:N0}.",
        };
        option.Validators.Add(result => Check(result, result.GetValueOrDefault<int>(), min, max));
        return option;
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            _url, _protocol, _token, _userTokens, _insecure, _connectRate, _patience, _serverPid, _json, _report,
        })
        {
            command.Add(option);
        }
    }

    /// <summary>Reads them.</summary>
    /// <param name="name">The scenario.</param>
    /// <param name="parsed">The command line.</param>
    public LoadOptions Read(string name, ParseResult parsed)
    {
        var target = new LoadTarget(parsed.GetRequiredValue(_url), parsed.GetValue(_protocol))
        {
            Token = parsed.GetValue(_token),
            Users = ReadUsers(parsed.GetValue(_userTokens)),
            IsInsecure = parsed.GetValue(_insecure),
        };
        return new LoadOptions(name, target)
        {
            ConnectRate = parsed.GetValue(_connectRate),
            Patience = TimeSpan.FromSeconds(parsed.GetValue(_patience)),
            ServerPid = parsed.GetValue(_serverPid),
            IsJson = parsed.GetValue(_json),
            ReportFiles = parsed.GetValue(_report) ?? [],
            Source = target.Protocol == LoadProtocol.Netra ? EventSource.Ndjson : EventSource.Server,
        };
    }

    private static LoadUser ReadUser(string line)
        => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var id, var token]
            ? new LoadUser(id, token)
            : throw new LoadFailedException(
                "--user-tokens must name a file with a user's id and token in each line, with a space between.");

    /// <summary>Reads the root of a deployment.</summary>
    public static Uri? ReadUrl(ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens.Single().Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
        {
            return url;
        }

        result.AddError("--url must be an absolute http or https URL.");
        return null;
    }

    /// <summary>Holds a number to its range.</summary>
    public static void Check(OptionResult result, double value, double min, double max)
    {
        if (!(value >= min && value <= max))
        {
            result.AddError($"{result.Option.Name} is {value}; it must be between {min} and {max}.");
        }
    }
}
