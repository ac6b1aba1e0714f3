using System.Text.Json;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>What a run's terminal event says of the run (docs/protocol.md, section 3.1).</summary>
internal sealed record RunTotal(long Events, long FirstSeq, long LastSeq)
{
    /// <summary>The total of a terminal event's message; null when it has none.</summary>
    public static RunTotal? Read(ReadOnlyMemory<byte> message)
        => JsonElement.Parse(message.Span).TryGetProperty("run", out var run)
            ? new RunTotal(
                run.GetProperty("events").GetInt64(), run.GetProperty("first_seq").GetInt64(), run.GetProperty("last_seq").GetInt64())
            : null;
}
