namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Counts the frames in a stream of bytes, however they are cut (RFC 6455, 5.2): the WebSocket tells of whole text messages only, and
/// pongs and fragments are work as well. What is no frame is none of its business: the WebSocket refuses it. One caller at a time.
/// </summary>
internal struct FrameCounter
{
    private const int MaskBytes = 4;

    private ulong _payload;
    private ulong _length;
    private byte _headBytes;
    private byte _headLength;
    private byte _lengthEnd;

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
        if (_headBytes == 2)
        {
            var length = next & 0x7F;
            var extended = length switch
            {
                126 => sizeof(ushort),
                127 => sizeof(ulong),
                _ => 0,
            };
            _length = extended == 0 ? (uint)length : 0;
            _headLength = (byte)(2 + extended + ((next & 0x80) != 0 ? MaskBytes : 0));
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
