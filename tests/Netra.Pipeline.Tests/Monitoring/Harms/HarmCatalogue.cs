using System.Globalization;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>All situations in which a guard could hurt the healthy; docs/operations.md lists them from here.</summary>
internal static class HarmCatalogue
{
    public static IReadOnlyList<Harm> All { get; } =
    [
        .. StoppedHarms.All(), .. LogHarms.All(), .. LeaseHarms.All(), .. PageHarms.All(), .. RestartHarms.All(),
        .. RefusalHarms.All(), .. QueueHarms.All(), .. CrowdHarms.All(), .. ClockHarms.All(),
        .. CommandHarms.All(), .. OriginHarms.All(), .. DrainHarms.All(), .. LimitHarms.All(), .. CredentialHarms.All(),
        .. FolderHarms.All(), .. OperatorHarms.All(),
    ];

    /// <summary>
    /// The rows that are to be run. Those that need the machine for themselves come last: before each of them all lanes run empty.
    /// </summary>
    public static IReadOnlyList<Harm> Selected { get; } =
        [
            .. All.Where(static harm => harm.ShownBy is null
                    && (HarmSettings.Rows.Count == 0 || HarmSettings.Rows.Any(name => harm.Name.Contains(name, StringComparison.Ordinal))))
                .OrderBy(static harm => harm.IsAlone)
        ];

    /// <summary>The rows of the table in docs/operations.md.</summary>
    public static IEnumerable<string> Rows() => All.Select(static harm => string.Create(
        CultureInfo.InvariantCulture,
        $"| `{harm.Name}` | {NameOf(harm.Guard)} | {harm.Situation} | {harm.Healthy} | {harm.Before} | {Extent(harm, isFull: false)} | "
        + $"{Extent(harm, isFull: true)} |"));

    public static string NameOf(Guard guard) => guard switch
    {
        Guard.Tick => "tick",
        Guard.Ping => "ping",
        Guard.Stuck => "stuck",
        Guard.Stall => "stall",
        Guard.Retry => "retry",
        Guard.Unconfirmed => "unconfirmed",
        Guard.Lease => "lease",
        Guard.Remediation => "remediation",
        Guard.EmergencyMode => "emergency mode",
        Guard.Canary => "canary",
        Guard.Retention => "retention",
        Guard.ErrorFrames => "error frames",
        Guard.StuckLoops => "stuck loops",
        Guard.Handles => "handles",
        Guard.Queues => "queues",
        Guard.Commands => "commands",
        Guard.Origin => "host and origin",
        Guard.Files => "files",
        Guard.Drain => "drain",
        Guard.Limits => "limits",
        Guard.Credentials => "credentials",
        Guard.Erasure => "erasure",
        Guard.Output => "output",
        _ => throw new ArgumentOutOfRangeException(nameof(guard)),
    };

    private static string Extent(Harm harm, bool isFull)
    {
        var (time, count) = isFull ? (harm.Full, harm.Count.Full) : (harm.Short, harm.Count.Short);
        string[] parts =
        [
            count > 0 ? $"{count:N0} {harm.Counted}" : "",
            time > TimeSpan.Zero ? Text(time) : "",
            harm.ShownBy is { } elsewhere && !isFull ? $"`{elsewhere.Class.Name}`" : "",
            harm.HappensInVirtualTime is not null || (harm.ShownBy is not null && isFull) ? "virtual" : "",
        ];
        return string.Join(", ", parts.Where(static part => part.Length > 0));
    }

    private static string Text(TimeSpan time) => time switch
    {
        { TotalHours: >= 1 } => $"{time.TotalHours:0.#} h",
        { TotalMinutes: >= 1 } => $"{time.TotalMinutes:0.#} min",
        _ => $"{time.TotalSeconds:0.#} s",
    };
}
