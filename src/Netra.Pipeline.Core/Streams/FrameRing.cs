using Netra.Pipeline.Events;

namespace Netra.Pipeline.Streams;

/// <summary>
/// Frames in order, bounded by their count. It grows as it fills, shrinks when a burst is over, and its events can be taken back in one
/// step, which no channel can. One lock guards it and is held for a few assignments; the count may be read without it.
/// </summary>
internal sealed class FrameRing(int limit)
{
    private const int FirstCapacity = 16;
    private const int KeptCapacity = 64;

    private readonly Lock _gate = new();

    // The length is a power of two, or zero.
    private SendFrame[] _frames = [];
    private int _first;
    private int _count;
    private int _most;

    public int Count => Volatile.Read(ref _count);

    public bool TryAdd(in SendFrame frame)
    {
        lock (_gate)
        {
            if (_count == limit)
            {
                return false;
            }

            if (_count == _frames.Length)
            {
                Resize(Math.Max(FirstCapacity, _frames.Length * 2));
            }

            _frames[(_first + _count) & (_frames.Length - 1)] = frame;
            Volatile.Write(ref _count, _count + 1);
            _most = Math.Max(_most, _count);
            return true;
        }
    }

    public bool TryTake(out SendFrame frame)
    {
        frame = default;
        if (Count == 0)
        {
            // A thread that adds a frame wakes the writer afterwards.
            return false;
        }

        lock (_gate)
        {
            if (_count == 0)
            {
                return false;
            }

            frame = _frames[_first];
            _frames[_first] = default;
            _first = (_first + 1) & (_frames.Length - 1);
            Volatile.Write(ref _count, _count - 1);
            if (_count == 0)
            {
                OnEmptied();
            }

            return true;
        }
    }

    /// <summary>Takes back all events; messages stay.</summary>
    /// <returns>The number of the first event, 0 when there is none, and the bytes of all of them.</returns>
    public (long FirstSeq, long Bytes) TakeBackEvents()
    {
        lock (_gate)
        {
            var (first, bytes, kept) = (0L, 0L, new List<SendFrame>());
            for (var i = 0; i < _count; i++)
            {
                var frame = _frames[(_first + i) & (_frames.Length - 1)];
                if (frame.IsEvent)
                {
                    first = first == 0 ? frame.Seq : first;
                    bytes += frame.Buffer.Length;
                }
                else
                {
                    kept.Add(frame);
                }
            }

            if (first != 0)
            {
                (_frames, _first, _most) = ([], 0, 0);
                Volatile.Write(ref _count, 0);
                foreach (var frame in kept)
                {
                    TryAdd(frame);
                }
            }

            return (first, bytes);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            (_frames, _first, _most) = ([], 0, 0);
            Volatile.Write(ref _count, 0);
        }
    }

    // The memory for a burst must not be kept as long as the connection lives, nor allocated again for each part of a longer one.
    private void OnEmptied()
    {
        if (_frames.Length > KeptCapacity && _most < _frames.Length / 8)
        {
            (_frames, _first) = ([], 0);
        }

        _most = 0;
    }

    private void Resize(int capacity)
    {
        var frames = new SendFrame[capacity];
        for (var i = 0; i < _count; i++)
        {
            frames[i] = _frames[(_first + i) & (_frames.Length - 1)];
        }

        (_frames, _first) = (frames, 0);
    }
}
