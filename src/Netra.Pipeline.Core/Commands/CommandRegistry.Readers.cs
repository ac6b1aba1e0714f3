using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Commands;

/// <summary>Readers, leases and subscriptions.</summary>
internal sealed partial class CommandRegistry
{
    private long _subscriptions;

    /// <summary>
    /// The publisher that gets the messages of pages: the one that has subscribed last, of those that read or did a while ago; null when
    /// they go to the handler in the process.
    /// </summary>
    public string? Subscriber
    {
        get
        {
            lock (_gate)
            {
                var (subscriber, latest) = ((string?)null, 0L);
                if (_subscriptions > 0)
                {
                    foreach (var (publisher, own) in _publishers)
                    {
                        if (own.SubscribedAs > latest && !IsOver(own))
                        {
                            (subscriber, latest) = (publisher, own.SubscribedAs);
                        }
                    }
                }

                return subscriber;
            }
        }
    }

    /// <summary>Opens a reader: it gets at once what nobody has. Disposing it closes it.</summary>
    /// <param name="publisher">Whose commands.</param>
    /// <param name="request">The request whose answer it is, where that publishes too.</param>
    /// <param name="wantsMessages">Whether it subscribes to the messages of pages.</param>
    /// <param name="cancellationToken">Cancels waiting for the log, which remembers subscriptions.</param>
    public async ValueTask<CommandReader> OpenReaderAsync(
        string publisher, RunPublisher? request, bool wantsMessages, CancellationToken cancellationToken)
    {
        if (wantsMessages && Subscriber != publisher)
        {
            await _log.Commands.SubscribeAsync(publisher, cancellationToken);
            OnSubscribed(publisher);
        }

        var reader = new CommandReader(this, publisher, request, wantsMessages);
        lock (_gate)
        {
            var own = Of(publisher);
            own.Readers.Add(reader);
            foreach (var held in own.Commands)
            {
                if (held is { State: HeldState.Untaken, Holder: null })
                {
                    Give(held);
                }
            }
        }

        return reader;
    }

    /// <summary>
    /// Lets leases end that are over, and says which commands nobody has taken in time: they are being expired from here on.
    /// </summary>
    public IReadOnlyList<HeldCommand> TakeExpired()
    {
        List<HeldCommand>? expired = null;
        lock (_gate)
        {
            var now = _clock.Now;
            while (_looks.Min is { } held && held.LookAt <= now)
            {
                _looks.Remove(held);
                if (held.State != HeldState.Untaken)
                {
                    // Its acknowledgement is being stored.
                    continue;
                }

                if (held.Since + TimeoutOf(held.Command.Kind).Ticks <= now)
                {
                    TakeBack(held);
                    held.State = HeldState.Expiring;
                    (expired ??= []).Add(held);
                }
                else if (held.Holder is { } holder && held.LeasedUntil <= now)
                {
                    holder.Missed++;
                    held.MissedBy = holder;
                    TakeBack(held);
                    Give(held);
                }
                else
                {
                    Look(held);
                }
            }
        }

        return expired ?? (IReadOnlyList<HeldCommand>)[];
    }

    /// <summary>It was said that a command has expired; the log has that.</summary>
    public void OnExpired(HeldCommand held)
    {
        lock (_gate)
        {
            Settle(held);
        }

        _metrics.OnSettled(held.Command.Kind, "expired");
    }

    /// <summary>That a command has expired need not be said any more: its run has ended.</summary>
    public void OnPointless(HeldCommand held)
    {
        lock (_gate)
        {
            WithdrawLocked(held);
        }
    }

    /// <summary>That a command has expired could not be said. Meanwhile it may be taken, and in a moment it is tried again.</summary>
    public void OnNotExpired(HeldCommand held)
    {
        lock (_gate)
        {
            held.State = HeldState.Untaken;
            if (held.IsPointless)
            {
                WithdrawLocked(held);
                return;
            }

            Give(held);
            _looks.Remove(held);
            held.LookAt = _clock.Now + TimeSpan.TicksPerSecond;
            _looks.Add(held);
        }
    }

    /// <summary>The publishers whose subscriptions are over; they have none from here on.</summary>
    public IReadOnlyList<string> TakeUnsubscribed()
    {
        List<string>? over = null;
        lock (_gate)
        {
            foreach (var (id, publisher) in _publishers.ToArray())
            {
                if (publisher.SubscribedAs != 0 && IsOver(publisher))
                {
                    (over ??= []).Add(id);
                    publisher.SubscribedAs = 0;
                    ForgetIfUnused(id, publisher);
                }
            }
        }

        return over ?? (IReadOnlyList<string>)[];
    }

    /// <summary>Whether a publisher has subscribed to the messages of pages.</summary>
    public bool IsSubscribed(string publisher)
    {
        lock (_gate)
        {
            return _publishers.TryGetValue(publisher, out var own) && own.SubscribedAs != 0;
        }
    }

    /// <summary>The next line of a reader; called by its writer.</summary>
    public bool TryTake(CommandReader reader, out ReadOnlyMemory<byte> line)
    {
        lock (_gate)
        {
            line = default;
            if (reader.Unwritten.First is not { Value: var held })
            {
                return false;
            }

            reader.Unwritten.RemoveFirst();
            held.Unwritten = null;
            line = held.Line;
            return true;
        }
    }

    public Task WhenAny(CommandReader reader)
    {
        lock (_gate)
        {
            return reader.Unwritten.Count > 0 ? Task.CompletedTask : reader.Wait();
        }
    }

    public void Close(CommandReader reader)
    {
        lock (_gate)
        {
            if (reader.IsClosed)
            {
                return;
            }

            reader.IsClosed = true;
            var own = Of(reader.Publisher);
            own.Readers.Remove(reader);
            own.SeenAt = reader.WantsMessages ? _clock.Now : own.SeenAt;
            foreach (var held in reader.Held.OrderBy(static held => held.Since).ToArray())
            {
                TakeBack(held);
                if (held.State == HeldState.Untaken)
                {
                    Give(held);
                }
            }

            ForgetIfUnused(reader.Publisher, own);
        }
    }

    private TimeSpan TimeoutOf(CommandKind kind) => kind switch
    {
        CommandKind.CancelRun => _options.CancelTimeout,
        CommandKind.ChatMessage => _options.MessageTimeout,

        // For as long as its request is kept.
        CommandKind.Answer => _retention,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of command"),
    };

    private bool IsOver(PublisherCommands publisher)
        => !publisher.IsReadingMessages && publisher.SeenAt + _options.SubscriptionTimeout.Ticks <= _clock.Now;

    private void OnSubscribed(string publisher)
    {
        lock (_gate)
        {
            var own = Of(publisher);
            (own.SubscribedAs, own.SeenAt) = (++_subscriptions, _clock.Now);
        }
    }

    // To the request that published to its run last, else to the reader that has let the fewest expire and has the fewest; to the one that
    // has just let it expire only where there is no other.
    private void Give(HeldCommand held)
    {
        CommandReader? best = null;
        foreach (var reader in Of(held.Publisher).Readers)
        {
            if ((held.Command.Kind != CommandKind.ChatMessage || reader.WantsMessages) && (best is null || IsBetter(reader, best, held)))
            {
                best = reader;
            }
        }

        if (best is not null)
        {
            held.Holder = best;
            held.LeasedUntil = _clock.Now + _options.Lease.Ticks;
            best.Held.Add(held);
            held.Unwritten = best.Unwritten.AddLast(held);
            best.Wake();
        }

        Look(held);
    }

    private static bool IsBetter(CommandReader reader, CommandReader than, HeldCommand held)
    {
        var (mine, other) = (RankOf(reader, held), RankOf(than, held));
        return mine != other ? mine < other
            : reader.Missed != than.Missed ? reader.Missed < than.Missed
            : reader.Held.Count < than.Held.Count;
    }

    private static int RankOf(CommandReader reader, HeldCommand held)
        => reader == held.MissedBy ? 2 : held.Request is not null && reader.Request == held.Request ? 0 : 1;

    private static void TakeBack(HeldCommand held)
    {
        if (held.Holder is not { } holder)
        {
            return;
        }

        holder.Held.Remove(held);
        if (held.Unwritten is { } place)
        {
            holder.Unwritten.Remove(place);
            held.Unwritten = null;
        }

        held.Holder = null;
    }

    private void Look(HeldCommand held)
    {
        _looks.Remove(held);
        var expiresAt = held.Since + TimeoutOf(held.Command.Kind).Ticks;
        held.LookAt = held.Holder is null ? expiresAt : Math.Min(expiresAt, held.LeasedUntil);
        _looks.Add(held);
    }
}
