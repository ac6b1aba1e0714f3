namespace Netra.Pipeline.Storage;

/// <summary>What became of <see cref="IEventLog.TryAppend"/>.</summary>
public enum AppendResult
{
    /// <summary>The event is taken and will be stored.</summary>
    Taken,

    /// <summary>The log cannot take more at the moment; the event must not be numbered.</summary>
    Full,

    /// <summary>The log has failed and takes nothing until it recovers; the event must not be numbered.</summary>
    Failed,
}
