using System.Buffers.Binary;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Costs;

/// <summary>
/// A page that reads what comes and acknowledges after so many events: by count and not by time, so that a slow machine changes nothing.
/// Reading is one call for all that has come, and no frame is taken apart further than its first bytes.
/// </summary>
internal sealed class AcknowledgingPage : IAsyncDisposable
{
    private readonly RawPeer _peer;
    private readonly int _ackEvery;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _end;
    private long _received;

    private AcknowledgingPage(RawPeer peer, int ackEvery) => (_peer, _ackEvery) = (peer, ackEvery);

    /// <summary>The length of the last event's frame on the wire, header included.</summary>
    public int LastFrameLength { get; private set; }

    public static async Task<AcknowledgingPage> OpenAsync(int port, string userId, int ackEvery)
        => new(await RawPeer.OpenAsync(port, userId), ackEvery);

    /// <summary>Reads so many events, and acknowledges them.</summary>
    public async Task ReadAsync(int events)
    {
        for (var due = _received + events; _received < due;)
        {
            var read = await _peer.Stream.ReadAsync(_buffer.AsMemory(_end));
            Assert.That(read, Is.Positive, "the server has closed");
            _end += read;
            var acknowledged = _received / _ackEvery;
            TakeFrames();
            if (_received / _ackEvery > acknowledged)
            {
                await _peer.SendAsync(RawFrame.Encode(RawFrame.Text, ClientMessageWriter.Ack(_received)));
            }
        }
    }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();

    private void TakeFrames()
    {
        var start = 0;
        while (_end - start >= 4)
        {
            // An event is never shorter than 126 bytes nor longer than 64 KB; other frames may be shorter.
            var frame = _buffer.AsSpan(start, _end - start);
            var isLong = frame[1] == 126;
            var header = isLong ? 4 : 2;
            var length = header + (isLong ? BinaryPrimitives.ReadUInt16BigEndian(frame[2..]) : frame[1]);
            if (frame.Length < length)
            {
                break;
            }

            if (frame[header..].StartsWith("{\"seq\":"u8))
            {
                _received++;
                LastFrameLength = length;
            }

            start += length;
        }

        _buffer.AsSpan(start, _end - start).CopyTo(_buffer);
        _end -= start;
    }
}
