namespace Netra.Pipeline.Streams;

/// <summary>Whether a stream accepted an event, or why not.</summary>
internal enum AppendKind
{
    /// <summary>Numbered and handed to the log.</summary>
    Accepted,

    /// <summary>The log takes no more at the moment; nothing was numbered.</summary>
    LogFull,

    /// <summary>The log has failed; nothing was numbered.</summary>
    LogFailed,

    /// <summary>The run has had its terminal event; nothing was numbered.</summary>
    RunEnded,

    /// <summary>The pipeline has stopped and the stream is given back; nothing was numbered.</summary>
    Stopped,

    /// <summary>Room in every queue was asked for and there is none; nothing was numbered.</summary>
    NoRoom,
}
