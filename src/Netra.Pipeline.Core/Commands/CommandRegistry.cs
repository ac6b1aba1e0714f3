using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Commands;

/// <summary>
/// The commands of publishers that no backend has taken, and the readers that get them. Each is one reader's at a time, for as long as its
/// lease; none waits for another. What is settled is in the log alone.
/// </summary>
/// <remarks>
/// <para>Safe from any thread. One lock guards commands, readers and subscriptions; nothing is awaited, and nothing that may wait is called
/// under it. Times are the runs' clock's: none passes while the process is stopped, not ready, or its log stores nothing.</para>
/// <para>A command has its place here before it is stored, so that the end of its run, whenever it comes, finds it: it is then offered no
/// more, and what the log has of it is deleted.</para>
/// </remarks>
internal sealed partial class CommandRegistry
{
    /// <summary>For how long a command that was taken is known by its id.</summary>
    public static readonly TimeSpan KnownFor = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, HeldCommand> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<RunKey, List<HeldCommand>> _byRun = [];
    private readonly Dictionary<string, PublisherCommands> _publishers = new(StringComparer.Ordinal);
    private readonly SortedSet<HeldCommand> _looks = new(HeldCommand.ByLook);
    private readonly IEventLog _log;
    private readonly CommandOptions _options;
    private readonly CommandAudience _audience;
    private readonly CommandMetrics _metrics;
    private readonly RunClock _clock;
    private readonly TimeSpan _retention;
    private List<string> _withdrawn = [];
    private long _numbers;
    private int _runs;

    public CommandRegistry(
        IEventLog log,
        RunRegistry runs,
        RunClock clock,
        CommandAudience audience,
        CommandMetrics metrics,
        IOptions<CommandOptions> options,
        IOptions<Streams.StreamOptions> streams)
    {
        (_log, _clock, _audience, _metrics) = (log, clock, audience, metrics);
        (_options, _retention) = (options.Value, streams.Value.Retention);
        runs.OnEnded = EndRun;
    }

    /// <summary>Takes up what the last process left: commands whose runs go on, and those that belong to none.</summary>
    /// <param name="open">The runs without a terminal event.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    public async ValueTask AdoptAsync(IReadOnlyList<OpenRun> open, CancellationToken cancellationToken)
    {
        var runs = open.Select(static run => new RunKey(run.UserId, run.ThreadId, run.RunId)).ToHashSet();
        foreach (var publisher in await _log.Commands.ReadSubscribersAsync(cancellationToken))
        {
            OnSubscribed(publisher);
        }

        var pointless = new List<string>();
        foreach (var stored in await _log.Commands.ReadUntakenAsync(cancellationToken))
        {
            var held = new HeldCommand(stored.Command, request: null) { Id = stored.CommandId };
            if (held.Run is { } run && !runs.Contains(run))
            {
                pointless.Add(stored.CommandId);
                continue;
            }

            lock (_gate)
            {
                Place(held);
                OfferLocked(held);
            }

            // Whoever asks for the same again finds it, and waits for nothing.
            held.DecideOffered(true);
        }

        if (pointless.Count > 0)
        {
            await _log.Commands.WithdrawAsync(pointless, cancellationToken);
        }
    }

    /// <summary>Takes a place for a command that is about to be stored; to be offered or dropped.</summary>
    /// <param name="command">The command.</param>
    /// <param name="request">The request that published to its run last, where that is known.</param>
    /// <exception cref="SendFailureException">The publisher has too many (<c>message_rejected</c>). It has not been reported.</exception>
    public HeldCommand Reserve(NewCommand command, RunPublisher? request)
    {
        var held = new HeldCommand(command, request);
        lock (_gate)
        {
            EnsureRoom(held);
            Place(held);
        }

        return held;
    }

    /// <summary>As <see cref="Reserve"/>, for a run that is to be cancelled once: where that is asked already, that command.</summary>
    public (HeldCommand Command, bool IsNew) ReserveCancel(NewCommand command, RunPublisher? request)
    {
        var held = new HeldCommand(command, request);
        lock (_gate)
        {
            if (_byRun.TryGetValue(held.Run!.Value, out var ofRun)
                && ofRun.Find(static other => other.Command.Kind == CommandKind.CancelRun) is { } other)
            {
                return (other, false);
            }

            EnsureRoom(held);
            Place(held);
        }

        return (held, true);
    }

    /// <summary>A command is stored: from here on readers get it.</summary>
    /// <param name="held">The command.</param>
    /// <param name="commandId">Its id.</param>
    /// <returns>Whether it is offered; not when its run has ended meanwhile.</returns>
    public bool Offer(HeldCommand held, string commandId)
    {
        bool isOffered;
        lock (_gate)
        {
            held.Id = commandId;
            isOffered = held.State == HeldState.Reserved;
            if (isOffered)
            {
                OfferLocked(held);
            }
            else
            {
                _withdrawn.Add(commandId);
            }
        }

        held.DecideOffered(isOffered);
        return isOffered;
    }

    /// <summary>A command is stored, and was found to be pointless before it was offered.</summary>
    public void Withdraw(HeldCommand held, string commandId)
    {
        lock (_gate)
        {
            Settle(held);
            _withdrawn.Add(commandId);
        }

        held.DecideOffered(false);
    }

    /// <summary>A command was not stored.</summary>
    public void Drop(HeldCommand held)
    {
        lock (_gate)
        {
            Settle(held);
        }

        held.DecideOffered(false);
    }

    /// <summary>The untaken command of an id.</summary>
    public HeldCommand? Find(string commandId)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(commandId);
        }
    }

    /// <summary>A backend has taken a command, as it says. Known for an hour, so that saying it again changes nothing.</summary>
    /// <param name="publisher">Whose backend it is.</param>
    /// <param name="commandId">The command.</param>
    /// <exception cref="SendFailureException">
    /// The publisher has no such command (<c>command_unknown</c>), or the log cannot store it (<c>log_failed</c>, <c>log_full</c>).
    /// </exception>
    public async Task AcknowledgeAsync(string publisher, string commandId)
    {
        Task<bool>? taking = null;
        HeldCommand? held;
        TaskCompletionSource<bool>? own = null;
        lock (_gate)
        {
            if (_byId.TryGetValue(commandId, out held) && held.Publisher == publisher)
            {
                if (held.State == HeldState.Untaken)
                {
                    own = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                    (held.State, held.Taking) = (HeldState.Taking, own.Task);
                }

                taking = held.Taking;
            }
        }

        if (own is not null)
        {
            await TakeAsync(held!, own);
        }

        if (taking is not null && await taking)
        {
            return;
        }

        var stored = await _log.Commands.FindAsync(commandId, CancellationToken.None);
        if (stored is not { State: CommandState.Taken } || stored.Command.Publisher != publisher)
        {
            throw SendFailureException.CommandUnknown(new FailureScope("AcknowledgeCommand"));
        }
    }

    /// <summary>The ids of commands that have become pointless since this was asked last.</summary>
    public IReadOnlyList<string> TakeWithdrawn()
    {
        lock (_gate)
        {
            var withdrawn = _withdrawn;
            _withdrawn = [];
            return withdrawn;
        }
    }

    /// <summary>They could not be deleted yet.</summary>
    public void ReturnWithdrawn(IReadOnlyList<string> commandIds)
    {
        lock (_gate)
        {
            _withdrawn.AddRange(commandIds);
        }
    }

    /// <summary>Forgets all commands of a user; the log deletes them by itself.</summary>
    public void Erase(string userId)
    {
        lock (_gate)
        {
            foreach (var held in _byId.Values.Where(held => held.Command.UserId == userId).ToArray())
            {
                if (held.State is HeldState.Taking or HeldState.Expiring)
                {
                    held.IsPointless = true;
                }
                else
                {
                    Settle(held);
                }
            }
        }
    }

    private async Task TakeAsync(HeldCommand held, TaskCompletionSource<bool> own)
    {
        try
        {
            var isTaken = await _log.Commands.TryTakeAsync(held.Id, startedRunId: null, CancellationToken.None);
            OnTaken(held, isTaken);
            own.SetResult(isTaken);
        }
        catch (Exception exception)
        {
            lock (_gate)
            {
                (held.State, held.Taking) = (HeldState.Untaken, null);
                if (held.IsPointless)
                {
                    WithdrawLocked(held);
                }
                else
                {
                    Look(held);
                }
            }

            own.SetException(exception);
        }
    }

    private void OnTaken(HeldCommand held, bool isTaken)
    {
        TimeSpan after;
        lock (_gate)
        {
            held.Holder?.Missed = 0;
            after = TimeSpan.FromTicks(_clock.Now - held.Since);
            Settle(held);
            _metrics.OnSettled(held.Command.Kind, isTaken ? "taken" : "withdrawn");
        }

        if (isTaken)
        {
            _metrics.OnTaken(held.Command.Kind, after);
        }

        if (isTaken && held.Command is { MessageId: { } messageId } command)
        {
            _audience.Tell(command.UserId, ServerMessageWriter.CommandTaken(new CommandTakenMessage(
                messageId, CommandKinds.WireName(command.Kind), held.Id, command.ThreadId, command.RunId)));
        }
    }

    // Called by whoever emits the terminal event; mostly there are no commands at all.
    private void EndRun(RunKey run)
    {
        if (Volatile.Read(ref _runs) == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (!_byRun.TryGetValue(run, out var ofRun))
            {
                return;
            }

            foreach (var held in ofRun.ToArray())
            {
                switch (held.State)
                {
                    case HeldState.Reserved:
                        Settle(held);
                        break;
                    case HeldState.Untaken:
                        WithdrawLocked(held);
                        break;
                    case HeldState.Taking or HeldState.Expiring:
                        held.IsPointless = true;
                        break;
                }
            }
        }
    }

    private void EnsureRoom(HeldCommand held)
    {
        if (_publishers.TryGetValue(held.Publisher, out var publisher) && publisher.Commands.Count >= _options.MaxWaiting)
        {
            throw SendFailureException.CommandsFull(
                new FailureScope(
                    CommandKinds.WireName(held.Command.Kind), held.Command.UserId, held.Command.ThreadId, held.Command.RunId),
                _options.MaxWaiting);
        }
    }

    private void Place(HeldCommand held)
    {
        held.Number = ++_numbers;
        held.Place = Of(held.Publisher).Commands.AddLast(held);
        if (held.Run is { } run)
        {
            if (!_byRun.TryGetValue(run, out var ofRun))
            {
                _byRun.Add(run, ofRun = []);
                Volatile.Write(ref _runs, _byRun.Count);
            }

            ofRun.Add(held);
        }
    }

    private void OfferLocked(HeldCommand held)
    {
        _byId[held.Id] = held;
        (held.State, held.Since) = (HeldState.Untaken, _clock.Now);
        _metrics.OnOffered(held.Command.Kind);
        Give(held);
    }

    private void WithdrawLocked(HeldCommand held)
    {
        Settle(held);
        _withdrawn.Add(held.Id);
        _metrics.OnSettled(held.Command.Kind, "withdrawn");
    }

    // From here on nobody finds it.
    private void Settle(HeldCommand held)
    {
        TakeBack(held);
        held.State = HeldState.Settled;
        _looks.Remove(held);
        _byId.Remove(held.Id);
        if (held.Run is { } run && _byRun.TryGetValue(run, out var ofRun) && ofRun.Remove(held) && ofRun.Count == 0)
        {
            _byRun.Remove(run);
            Volatile.Write(ref _runs, _byRun.Count);
        }

        var publisher = Of(held.Publisher);
        if (held.Place is { } place)
        {
            publisher.Commands.Remove(place);
            held.Place = null;
        }

        ForgetIfUnused(held.Publisher, publisher);
    }

    private PublisherCommands Of(string publisher)
    {
        if (!_publishers.TryGetValue(publisher, out var commands))
        {
            _publishers.Add(publisher, commands = new PublisherCommands());
        }

        return commands;
    }

    private void ForgetIfUnused(string publisher, PublisherCommands commands)
    {
        if (commands.Commands.Count == 0 && commands.Readers.Count == 0 && commands.SubscribedAs == 0)
        {
            _publishers.Remove(publisher);
        }
    }
}

/// <summary>The untaken commands of one publisher, and its readers. The registry's lock guards it.</summary>
internal sealed class PublisherCommands
{
    /// <summary>In the order in which they came.</summary>
    public LinkedList<HeldCommand> Commands { get; } = [];

    public List<CommandReader> Readers { get; } = [];

    /// <summary>The how manieth subscription its own is; 0 when it has none.</summary>
    public long SubscribedAs { get; set; }

    /// <summary>When it was last seen reading, in ticks of the runs' clock.</summary>
    public long SeenAt { get; set; }

    /// <summary>Whether it reads the messages of pages now.</summary>
    public bool IsReadingMessages => Readers.Exists(static reader => reader.WantsMessages);
}
