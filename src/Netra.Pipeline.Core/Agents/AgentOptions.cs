using System.ComponentModel.DataAnnotations;

namespace Netra.Pipeline.Agents;

/// <summary>Limits of runs. Bound from <c>Netra:Agents</c>; checked at start.</summary>
public sealed class AgentOptions
{
    /// <summary>The configuration section these options are bound from.</summary>
    public const string SectionName = "Netra:Agents";

    /// <summary>
    /// How many runs may be open at once, delegated ones included; 1 to 1,000,000, default 10,000 (the number of connections a node is
    /// built for). One more is refused with an error that names the limit.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxOpenRuns { get; set; } = 10_000;

    /// <summary>
    /// How deep agents may delegate to agents; 0 (not at all) to 64, default 8. Two agents that delegate to each other end here.
    /// </summary>
    [Range(0, 64)]
    public int MaxDelegationDepth { get; set; } = 8;

    /// <summary>
    /// How many characters of the question <c>agent_started</c> shows in <c>metadata.question</c>; 0 (none) to 10,000, default 500.
    /// </summary>
    [Range(0, 10_000)]
    public int QuestionPreviewLength { get; set; } = 500;

    /// <summary>
    /// How long the events of an agent and its tools wait when the log is full, or cannot store anything at the moment; 0 to 1 day, default
    /// 5 min. Longer than a publisher's (<c>Netra:Emission:RoomTimeout</c>), which may try again: an agent in this process cannot, and its
    /// run would fail because of the log.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RoomTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a finished run waits for tool calls and delegations the agent left behind, once they have been cancelled, before its
    /// terminal event is emitted anyway; 0 to 5 min, default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan LeftoverTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
