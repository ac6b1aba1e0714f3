using Netra.Pipeline.Hosting;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// A situation in which a guard could hurt the healthy, and how to bring it about. It happens to a real server process
/// (<see cref="Happens"/>), in virtual time where hours are needed (<see cref="HappensInVirtualTime"/>), or in a test that is elsewhere.
/// </summary>
/// <param name="Name">Names it in the catalogue.</param>
/// <param name="Guard">Who could hurt.</param>
/// <param name="Situation">What happens, for operators.</param>
/// <param name="Healthy">Who is well in it, and must stay so.</param>
/// <param name="Before">What 1429e75 did: how it failed, or why it did not.</param>
internal sealed record Harm(string Name, Guard Guard, string Situation, string Healthy, string Before)
{
    /// <summary>Brings it about in a real process, and says when the cause is over (<see cref="HarmBench.BackAsync"/>).</summary>
    public Func<HarmBench, Task>? Happens { get; init; }

    /// <summary>Brings it about in virtual time.</summary>
    public Func<VirtualBench, Task>? HappensInVirtualTime { get; init; }

    /// <summary>The test that brings it about, where that is none of the catalogue's own: its class and its method.</summary>
    public (Type Class, string Method)? ShownBy { get; init; }

    /// <summary>Adds to the pipeline that is in virtual time.</summary>
    public Action<NetraPipelineBuilder>? Configure { get; init; }

    /// <summary>How long the cause lasts where intervals are short.</summary>
    public TimeSpan Short { get; init; }

    /// <summary>How long it lasts with default options.</summary>
    public TimeSpan Full { get; init; }

    /// <summary>What goes by number instead: how many where intervals are short, and in full.</summary>
    public (int Short, int Full) Count { get; init; }

    /// <summary>What is counted.</summary>
    public string Counted { get; init; } = "";

    /// <summary>Configuration in either length.</summary>
    public IReadOnlyList<(string Key, string Value)> Settings { get; init; } = [];

    /// <summary>Configuration where intervals are short, over the usual one.</summary>
    public IReadOnlyList<(string Key, string Value)> ShortSettings { get; init; } = [];

    /// <summary>The rules that may fire, since what they say is true.</summary>
    public IReadOnlyList<string> TrueAlerts { get; init; } = [];

    /// <summary>The codes of <c>error</c> messages that pages may get, since what they say is true and for them.</summary>
    public IReadOnlyList<string> TrueErrors { get; init; } = [];

    /// <summary>Whether <c>agent_stalled</c> may be said of a healthy run, which then goes on.</summary>
    public bool MayStall { get; init; }

    /// <summary>Whether the server is killed, so that numbers that were never stored are skipped.</summary>
    public bool IsKilled { get; init; }

    /// <summary>Whether it needs the machine for itself.</summary>
    public bool IsAlone { get; init; }

    /// <summary>How many file handles the server may have.</summary>
    public int? Handles { get; init; }

    /// <summary>Whether a process reads the server's standard output that can be stopped.</summary>
    public bool HasReader { get; init; }

    /// <summary>How large the server's disk is, where it is one that can be filled.</summary>
    public string? Disk { get; init; }

    public override string ToString() => Name;
}
