namespace Netra.Pipeline.Load.Publishing;

/// <summary>The events that a run publishes.</summary>
internal enum PublishedKind
{
    /// <summary><c>agent_started</c>.</summary>
    Started,

    /// <summary><c>token</c>.</summary>
    Token,

    /// <summary><c>agent_completed</c>.</summary>
    Completed,
}
