namespace Netra.Pipeline.Runs;

/// <summary>What can be wrong with the order of a run's events.</summary>
public enum FlowViolation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>An event came before the run had started.</summary>
    NotStarted,

    /// <summary>The run started twice.</summary>
    StartedTwice,

    /// <summary>A tool was called under the id of a call that is still open.</summary>
    CallIdInUse,

    /// <summary>A tool completed that was not called.</summary>
    ToolNotExecuting,

    /// <summary>A tool completed, and nobody can say which of its calls: several are open, and the event names none.</summary>
    ToolAmbiguous,

    /// <summary>The run ended while tools were running.</summary>
    ToolNotCompleted,
}
