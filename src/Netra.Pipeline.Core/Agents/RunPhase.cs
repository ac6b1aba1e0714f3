namespace Netra.Pipeline.Agents;

/// <summary>How far a run has come.</summary>
internal enum RunPhase
{
    /// <summary>Nothing has happened.</summary>
    New,

    /// <summary>It has its place among the open runs; nobody has been told of it.</summary>
    Open,

    /// <summary><c>agent_started</c> has been accepted: a terminal event must follow.</summary>
    Started,

    /// <summary>It is over.</summary>
    Ended,
}
