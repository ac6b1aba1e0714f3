using System.Globalization;
using Netra.Pipeline.Load.Scenarios;

namespace Netra.Pipeline.Load.Compare;

/// <summary>What each server does in turn.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Connections">How many connections there are, each a user's.</param>
/// <param name="Events">How many events each gets.</param>
/// <param name="IntervalMs">How far apart they are, in milliseconds; 0 for as fast as they are taken.</param>
internal sealed record Workload(string Name, int Connections, long Events, double IntervalMs)
{
    /// <summary>How long connections without events are held: memory is to say what that takes, and not what opening them takes.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>In words.</summary>
    public string Description => this switch
    {
        { Events: 0 } => Format($"{Connections:N0} connections that are only held"),
        { IntervalMs: 0 } => Format($"{Connections:N0} connections, {Connections * Events:N0} events, as fast as they are taken"),
        _ => Format($"{Connections:N0} connections, {1_000 / IntervalMs:0.##} events a second each, {Connections * Events:N0} events"),
    };

    /// <summary>The workload as a scenario.</summary>
    /// <param name="target">The server.</param>
    /// <param name="serverPid">Its process.</param>
    public LoadOptions Options(LoadTarget target, int serverPid) => new(Name, target)
    {
        Users = Connections,
        Events = Events,
        Rate = IntervalMs > 0 ? 1_000 / IntervalMs : 0,
        Source = Events > 0 ? EventSource.Server : EventSource.None,
        Duration = Hold,
        ServerPid = serverPid,
    };

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
