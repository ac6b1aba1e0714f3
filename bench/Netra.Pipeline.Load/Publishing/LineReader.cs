namespace Netra.Pipeline.Load.Publishing;

/// <summary>Takes one line of an answer.</summary>
/// <param name="line">Without its end; valid during the call only.</param>
internal delegate void LineReader(ReadOnlySpan<byte> line);
