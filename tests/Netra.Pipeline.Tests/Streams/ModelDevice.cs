using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>
/// One of a user's devices, that goes on where it was over all lives of the server: it keeps what a client has to
/// keep, and checks what a client can check.
/// </summary>
internal sealed class ModelDevice(DurableStreamModel model)
{
    private StreamDevice? _connection;
    private int _seen;
    private string? _epoch;
    private long _cursor;
    private long _from;

    public bool IsConnected => _connection is not null;

    public void Connect(UserStream stream, string epoch, int queueFrames, bool joins)
    {
        var request = _epoch is null ? new ResumeRequest(null, 0, null) : new ResumeRequest(_epoch, _cursor, _from);
        _connection = StreamDevice.Connect(stream, request, queueFrames, joins);
        Assert.That(
            _connection.Point.Resumed,
            Is.EqualTo(_epoch is not null),
            $"cursor {_cursor} of {_epoch}, the head is {_connection.Point.Head}");
        if (_epoch is null)
        {
            // All that is kept, from the first number that has not expired.
            (_epoch, _cursor) = (epoch, _connection.Point.From);
        }

        (_from, _seen) = (_connection.Point.From, 0);
    }

    public async Task ReadAsync(int frames)
    {
        await _connection!.ReadAsync(frames);
        foreach (var message in _connection.Received.Skip(_seen))
        {
            _seen++;
            switch (message)
            {
                case EventMessage numbered:
                    Assert.That(numbered.FromSeq ?? numbered.Seq, Is.EqualTo(_cursor + 1), "consecutive, but for what a gap explains");
                    model.CheckEvent(numbered);
                    _cursor = numbered.Seq;
                    break;
                case GapMessage { Replay: false } gap:
                    Assert.That(gap.From, Is.EqualTo(_cursor + 1));
                    model.CheckGap(gap);
                    _cursor = gap.To;
                    break;
                case GapMessage gap:
                    Assert.That((gap.From, gap.Cause), Is.EqualTo((_cursor + 1, GapCause.Overflow)));
                    break;
            }
        }
    }

    /// <summary>Acknowledges all that was processed.</summary>
    public void Acknowledge() => _connection!.Acknowledge(_cursor);

    public void Drop()
    {
        _connection?.Disconnect();
        _connection = null;
    }

    /// <summary>The server is gone.</summary>
    public void Lose() => _connection = null;

    public async Task CheckCaughtUpAsync(long head)
    {
        await ReadAsync(int.MaxValue);
        Assert.That(_cursor, Is.EqualTo(head));
    }
}
