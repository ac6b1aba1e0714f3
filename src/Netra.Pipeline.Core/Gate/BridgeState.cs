namespace Netra.Pipeline.Gate;

/// <summary>Where the pipeline stands between its agents and its connections.</summary>
public enum BridgeState
{
    /// <summary>The host has not started it.</summary>
    NotInitialized,

    /// <summary>It opens its log and verifies itself; only the verification may emit and connect.</summary>
    Initializing,

    /// <summary>It serves.</summary>
    Ready,

    /// <summary>It takes no new runs and no new connections, and lets open ones end.</summary>
    Draining,

    /// <summary>It has stopped.</summary>
    Stopped,

    /// <summary>It could not be initialized, or a part it needs has failed.</summary>
    Failed,
}

/// <summary>The names of the bridge's states, in answers and in metrics.</summary>
internal static class BridgeStates
{
    public static string NameOf(BridgeState state) => state switch
    {
        BridgeState.NotInitialized => "not_initialized",
        BridgeState.Initializing => "initializing",
        BridgeState.Ready => "ready",
        BridgeState.Draining => "draining",
        BridgeState.Stopped => "stopped",
        BridgeState.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "The state has no name."),
    };
}
