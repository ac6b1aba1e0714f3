namespace Netra.Pipeline.Gate;

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
