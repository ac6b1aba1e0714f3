namespace Netra.Pipeline.Protocol;

/// <summary>
/// What a terminal event says of its run, so that a client can tell whether it has all of it (docs/protocol.md, section 4.4).
/// </summary>
/// <param name="Events">How many events the run has, the terminal one included; from 1.</param>
/// <param name="FirstSeq">The number of the first one; from 1.</param>
/// <param name="LastSeq">The number of the terminal one; from 1.</param>
public readonly record struct RunSummary(long Events, long FirstSeq, long LastSeq);
