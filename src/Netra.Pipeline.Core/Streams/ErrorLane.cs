using System.Diagnostics.CodeAnalysis;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Streams;

/// <summary>
/// The <c>error</c> messages that wait on one connection. Bounded, and never full: waiting messages with the same code and run become one
/// message with a count, and beyond the bound those with the same code do.
/// </summary>
/// <remarks>Safe from any thread; the lock guards the list, and <see cref="IsEmpty"/> does not take it.</remarks>
internal sealed class ErrorLane
{
    /// <summary>How many messages wait at most: more than there are codes, so that in a full lane two have the same.</summary>
    public const int Capacity = 64;

    private readonly Lock _gate = new();
    private readonly List<WaitingError> _waiting = [];
    private volatile bool _hasAny;

    public bool IsEmpty => !_hasAny;

    /// <summary>How many messages wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Takes one more; there is always room for it.</summary>
    public void Add(in WaitingError added)
    {
        lock (_gate)
        {
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].IsOfTheRunOf(added))
                {
                    _waiting[i] = added.After(_waiting[i]);
                    return;
                }
            }

            if (_waiting.Count == Capacity)
            {
                MakeRoom();
            }

            _waiting.Add(added);
            _hasAny = true;
        }
    }

    /// <summary>Takes the oldest message.</summary>
    public bool TryTake([MaybeNullWhen(false)] out ErrorMessage message)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                message = null;
                return false;
            }

            message = _waiting[0].ToMessage();
            _waiting.RemoveAt(0);
            _hasAny = _waiting.Count > 0;
            return true;
        }
    }

    // Merges the oldest message that is not the only one of its code into the next one of that code.
    private void MakeRoom()
    {
        for (var i = 0; i < _waiting.Count; i++)
        {
            var oldest = _waiting[i];
            var next = _waiting.FindIndex(i + 1, waiting => waiting.Message.Code == oldest.Message.Code);
            if (next > 0)
            {
                _waiting[next] = _waiting[next].After(oldest);
                _waiting.RemoveAt(i);
                return;
            }
        }

        throw new InvalidOperationException($"{Capacity} errors wait, each with a code of its own, and there are fewer codes.");
    }
}
