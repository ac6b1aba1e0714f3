using System.Text;

namespace Netra.Pipeline.Connections;

/// <summary>
/// One text frame that waits for its turn. Events carry their number and begin with an owner tag; ordered messages (<c>welcome</c>, <c>gap</c>) have number 0 and no tag.
/// </summary>
/// <param name="Seq">The event's number; 0 for a message that has none.</param>
/// <param name="Buffer">The bytes; never changed.</param>
/// <param name="IsRedelivery">Whether the frame may repeat a number, so that it says nothing about progress.</param>
internal readonly record struct SendFrame(long Seq, byte[] Buffer, bool IsRedelivery)
{
    public static SendFrame ForEvent(long seq, byte[] buffer) => new(seq, buffer, IsRedelivery: false);

    public static SendFrame ForMessage(byte[] buffer) => new(0, buffer, IsRedelivery: false);

    /// <summary>What goes over the wire.</summary>
    public ReadOnlyMemory<byte> Payload => Seq == 0 ? Buffer : Buffer.AsMemory(OwnerTag.Length);

    /// <summary>The same event, marked as one that may repeat a number.</summary>
    /// <param name="attempt">Which redelivery it is, from 1.</param>
    public SendFrame AsRedelivery(int attempt)
    {
        var mark = Encoding.ASCII.GetBytes($",\"redelivery\":{attempt}}}");
        var buffer = new byte[Buffer.Length - 1 + mark.Length];
        Buffer.AsSpan(0, Buffer.Length - 1).CopyTo(buffer);
        mark.CopyTo(buffer.AsSpan(Buffer.Length - 1));
        return new SendFrame(Seq, buffer, IsRedelivery: true);
    }
}
