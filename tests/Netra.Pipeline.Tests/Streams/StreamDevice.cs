using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>A connection of a stream without a socket: it takes frames as the writer does, and keeps what a client would see.</summary>
internal sealed class StreamDevice
{
    private const int PageBytes = 2048;

    private readonly UserStream _stream;
    private readonly List<SendFrame> _page = [];
    private readonly FrameJoiner? _joiner;
    private bool _welcomed;

    private StreamDevice(UserStream stream, StreamSubscription subscription, bool joins)
        => (_stream, Subscription, _joiner) = (stream, subscription, joins ? new FrameJoiner(window: null) : null);

    public StreamSubscription Subscription { get; }

    public ResumePoint Point { get; private set; }

    /// <summary>Every event and gap that was read, in order.</summary>
    public List<ServerMessage> Received { get; } = [];

    public IEnumerable<long> Seqs => Received.OfType<EventMessage>().Where(static e => e.Redelivery is null).Select(static e => e.Seq);

    public IEnumerable<GapMessage> Gaps => Received.OfType<GapMessage>();

    public static StreamDevice Connect(UserStream stream, in ResumeRequest request, int queueFrames, bool joins = false)
    {
        var options = new ConnectionOptions { QueueFrames = queueFrames };
        var device = new StreamDevice(stream, new StreamSubscription("c", new SendQueue(options.QueueLimits, static () => { })), joins);
        var attached = stream.TryAttach(device.Subscription, request, point =>
        {
            device.Point = point;
            return "{}"u8.ToArray();
        });
        Assert.That(attached, Is.True);
        return device;
    }

    /// <summary>Reads events as far as there are any, or up to a number of them; what can be joined of them comes as one frame.</summary>
    public async Task ReadAsync(int frames = int.MaxValue)
    {
        await ReadManyAsync(frames);
        TakeJoined();
    }

    private async Task ReadManyAsync(int frames)
    {
        for (var i = 0; i < frames;)
        {
            if (_page.Count > 0)
            {
                TakeOrJoin(_page[0]);
                _page.RemoveAt(0);
                i++;
            }
            else if (Subscription.Queue.TryDequeue(out var frame))
            {
                TakeOrJoin(frame);
                _stream.Subscribers.OnDrained();
                i++;
            }
            else if (Subscription.HasPages)
            {
                await _stream.Pages.FillAsync(Subscription, _page, PageBytes);
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Acknowledges what was read.</summary>
    public AcknowledgeOutcome Acknowledge() => _stream.Acknowledge(Subscription, Subscription.LastTold);

    public AcknowledgeOutcome Acknowledge(long seq) => _stream.Acknowledge(Subscription, seq);

    public void Disconnect() => _stream.Detach(Subscription);

    private void TakeOrJoin(in SendFrame frame)
    {
        if (_joiner is null || !_welcomed)
        {
            Take(frame);
        }
        else if (!_joiner.TryAdd(frame))
        {
            TakeJoined();
            if (!_joiner.TryAdd(frame))
            {
                Take(frame);
            }
        }
    }

    private void TakeJoined()
    {
        if (_joiner is { Count: > 0 })
        {
            Take(_joiner.Take());
        }
    }

    private void Take(SendFrame frame)
    {
        if (!_welcomed)
        {
            _welcomed = true;
            return;
        }

        if (frame.IsEvent)
        {
            Assert.That(OwnerTag.Read(frame.Buffer), Is.EqualTo(OwnerTag.Of(_stream.UserId)));
        }

        Received.Add(ServerMessageReader.Read(frame.Payload.Span));
        if (frame.Kind == SendFrameKind.Event)
        {
            Subscription.LastWritten = frame.Seq;
        }

        Subscription.LastTold = Math.Max(Subscription.LastTold, frame.Seq);
    }
}
