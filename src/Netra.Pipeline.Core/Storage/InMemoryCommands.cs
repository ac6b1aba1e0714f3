namespace Netra.Pipeline.Storage;

/// <summary>The commands of the in-memory log. One lock guards everything; nothing is called under it.</summary>
internal sealed class InMemoryCommands(StorageClock clock) : ICommandStore
{
    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, Kept> _commands = new(StringComparer.Ordinal);
    private readonly List<string> _subscribers = [];

    /// <summary>Does what an event says of commands.</summary>
    /// <param name="change">What it says.</param>
    /// <param name="eventId">The event.</param>
    public void Apply(CommandChange change, string eventId)
    {
        lock (_gate)
        {
            switch (change)
            {
                case NewCommand command:
                    Add(eventId, command);
                    break;
                case ExpiredCommand expired when _commands.TryGetValue(expired.CommandId, out var kept):
                    _commands[expired.CommandId] = kept.Become(CommandState.Expired, clock.Now);
                    break;
            }
        }
    }

    public ValueTask AddAsync(string commandId, NewCommand command, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Add(commandId, command);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<StoredCommand>> ReadUntakenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var untaken = _commands.Values.Select(static kept => kept.Command)
                .Where(static command => command is { State: CommandState.Untaken, Command.Publisher: not null });
            return ValueTask.FromResult<IReadOnlyList<StoredCommand>>([.. untaken]);
        }
    }

    public ValueTask<StoredCommand?> FindAsync(string commandId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_commands.TryGetValue(commandId, out var kept) ? kept.Command : null);
        }
    }

    public ValueTask<bool> TryTakeAsync(string commandId, string? startedRunId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_commands.TryGetValue(commandId, out var kept) || kept.Command.State != CommandState.Untaken)
            {
                return ValueTask.FromResult(false);
            }

            var taken = kept.Become(CommandState.Taken, clock.Now);
            var command = taken.Command.Command with { Members = default };
            _commands[commandId] = taken with { Command = taken.Command with { Command = command, StartedRunId = startedRunId } };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask<bool> TryRenewAsync(string commandId, string? publisher, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_commands.TryGetValue(commandId, out var kept) || kept.Command.State == CommandState.Taken)
            {
                return ValueTask.FromResult(false);
            }

            var command = kept.Command.Command with { Publisher = publisher };
            _commands[commandId] = kept with { Command = kept.Command with { Command = command, State = CommandState.Untaken } };
            return ValueTask.FromResult(true);
        }
    }

    public ValueTask WithdrawAsync(IReadOnlyList<string> commandIds, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var id in commandIds)
            {
                if (_commands.TryGetValue(id, out var kept) && kept.Command.State == CommandState.Untaken)
                {
                    _commands.Remove(id);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ForgetAsync(TimeSpan settled, TimeSpan messages, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = clock.Now;
            foreach (var (id, kept) in _commands.ToArray())
            {
                var isMessage = kept.Command.Command.Kind == CommandKind.ChatMessage;
                var isOver = kept.Command.State != CommandState.Untaken || (isMessage && kept.Command.Command.Publisher is null);
                if (isOver && now - kept.At >= (isMessage ? messages : settled))
                {
                    _commands.Remove(id);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask SubscribeAsync(string publisher, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _subscribers.Remove(publisher);
            _subscribers.Add(publisher);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask UnsubscribeAsync(string publisher, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _subscribers.Remove(publisher);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> ReadSubscribersAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<string>>([.. _subscribers]);
        }
    }

    /// <summary>Deletes all commands of a user.</summary>
    public void Erase(string userId)
    {
        lock (_gate)
        {
            foreach (var (id, _) in _commands.Where(entry => entry.Value.Command.Command.UserId == userId).ToArray())
            {
                _commands.Remove(id);
            }
        }
    }

    private void Add(string commandId, NewCommand command)
        => _commands.TryAdd(commandId, new Kept(new StoredCommand(commandId, command, CommandState.Untaken), clock.Now));

    /// <summary>A command, and since when it is in its state.</summary>
    private sealed record Kept(StoredCommand Command, DateTimeOffset At)
    {
        public Kept Become(CommandState state, DateTimeOffset now) => new(Command with { State = state }, now);
    }
}
