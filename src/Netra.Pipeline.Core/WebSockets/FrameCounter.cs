namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Counts the frames in a stream of bytes, however they are cut (RFC 6455, 5.2): the WebSocket tells of whole text messages only, and
/// pongs and fragments are work as well. What is no frame is none of its business: the WebSocket refuses it, but for what
/// <see cref="IsBroken"/> says. One caller at a time.
/// </summary>
internal struct FrameCounter
{
    private const int MaskBytes = 4;

    private const int ReservedBit1 = 0x40;
    private const int ControlBit = 0x08;
    private const int MaskBit = 0x80;

    private ulong _payload;
    private ulong _length;
    private byte _headBytes;
    private byte _headLength;
    private byte _lengthEnd;

    /// <summary>
    /// Whether a frame has come that the WebSocket lets pass, or waits for the rest of: a control frame that claims to be compressed (RFC
    /// 7692, 6), or one that is not masked (RFC 6455, 5.1).
    /// </summary>
    public bool IsBroken { get; private set; }

    /// <summary>Passes bytes on.</summary>
    /// <returns>How many frames' heads end in them.</returns>
    public int Count(ReadOnlySpan<byte> bytes)
    {
        var frames = 0;
        while (!bytes.IsEmpty)
        {
            if (_payload > 0)
            {
                var passed = (int)Math.Min(_payload, (ulong)bytes.Length);
                bytes = bytes[passed..];
                _payload -= (uint)passed;
                continue;
            }

            frames += AddToHead(bytes[0]) ? 1 : 0;
            bytes = bytes[1..];
        }

        return frames;
    }

    private bool AddToHead(byte next)
    {
        _headBytes++;
        if (_headBytes == 1)
        {
            IsBroken |= (next & ControlBit) != 0 && (next & ReservedBit1) != 0;
        }
        else if (_headBytes == 2)
        {
            IsBroken |= (next & MaskBit) == 0;
            var length = next & 0x7F;
            var extended = length switch
            {
                126 => sizeof(ushort),
                127 => sizeof(ulong),
                _ => 0,
            };
            _length = extended == 0 ? (uint)length : 0;
            _headLength = (byte)(2 + extended + ((next & MaskBit) != 0 ? MaskBytes : 0));
            _lengthEnd = (byte)(2 + extended);
        }
        else if (_headBytes > 2 && _headBytes <= _lengthEnd)
        {
            _length = (_length << 8) | next;
        }

        if (_headBytes < 2 || _headBytes < _headLength)
        {
            return false;
        }

        (_payload, _length, _headBytes, _headLength) = (_length, 0, 0, 0);
        return true;
    }
}
