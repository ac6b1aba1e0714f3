using System.Text;

namespace Netra.Pipeline.Events;

/// <summary>One text frame that waits for its turn.</summary>
/// <param name="Seq">
/// The number that the client has heard of once the frame is written: an event's own, or the last one that a <c>gap</c> takes
/// away; 0 when it says nothing of the kind.
/// </param>
/// <param name="Buffer">The bytes; never changed.</param>
/// <param name="Kind">What it carries.</param>
internal readonly record struct SendFrame(long Seq, byte[] Buffer, SendFrameKind Kind)
{
    /// <summary>When its event was accepted, as a timestamp; 0 for what was read again, whose age says nothing about delivery.</summary>
    public long AcceptedAt { get; private init; }

    public bool IsEvent => Kind != SendFrameKind.Message;

    /// <summary>What goes over the wire.</summary>
    public ReadOnlyMemory<byte> Payload => IsEvent ? Buffer.AsMemory(OwnerTag.Length) : Buffer;

    public static SendFrame ForEvent(long seq, byte[] buffer) => new(seq, buffer, SendFrameKind.Event);

    /// <summary>An event that was accepted just now, at a timestamp.</summary>
    public static SendFrame ForLiveEvent(long seq, byte[] buffer, long acceptedAt)
        => new(seq, buffer, SendFrameKind.Event) { AcceptedAt = acceptedAt };

    public static SendFrame ForMessage(byte[] buffer) => new(0, buffer, SendFrameKind.Message);

    /// <summary>A message after which the client goes on above a number, as after a <c>gap</c> without replay.</summary>
    public static SendFrame ForMessage(byte[] buffer, long through) => new(through, buffer, SendFrameKind.Message);

    /// <summary>The same event, marked as one that may repeat a number.</summary>
    /// <param name="attempt">Which redelivery it is, from 1.</param>
    public SendFrame AsRedelivery(int attempt)
    {
        var mark = Encoding.ASCII.GetBytes($",\"redelivery\":{attempt}}}");
        var buffer = new byte[Buffer.Length - 1 + mark.Length];
        Buffer.AsSpan(0, Buffer.Length - 1).CopyTo(buffer);
        mark.CopyTo(buffer.AsSpan(Buffer.Length - 1));
        return new SendFrame(Seq, buffer, SendFrameKind.Redelivery);
    }
}

/// <summary>What a frame carries.</summary>
internal enum SendFrameKind
{
    /// <summary>A message of the connection: it is no event, and has no owner tag.</summary>
    Message,

    /// <summary>An event; its buffer begins with an owner tag.</summary>
    Event,

    /// <summary>An event that may repeat a number, so that it says nothing about progress.</summary>
    Redelivery,
}
