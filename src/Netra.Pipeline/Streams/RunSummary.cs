using System.Text;

namespace Netra.Pipeline.Streams;

/// <summary>What a terminal event says of its run (docs/protocol.md, section 4.4).</summary>
/// <param name="Events">How many events the run has, the terminal one included.</param>
/// <param name="FirstSeq">The number of the first one.</param>
/// <param name="LastSeq">The number of the terminal one.</param>
internal readonly record struct RunSummary(long Events, long FirstSeq, long LastSeq)
{
    /// <summary>More than the member ever takes, in bytes.</summary>
    public const int MaxBytes = 128;

    /// <summary>The envelope's member, with its comma.</summary>
    public byte[] ToMember() => Encoding.ASCII.GetBytes($"\"run\":{{\"events\":{Events},\"first_seq\":{FirstSeq},\"last_seq\":{LastSeq}}},");
}
