using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>
/// Commands as they come, at least once each: runs hear of theirs at once, and the application's handler takes one after the other. A
/// command that
/// comes again while it is in hand is passed over, and one that was taken is acknowledged again. Safe for any number of threads.
/// </summary>
internal sealed class CommandInbox(
    PublisherOptions options, RunRegistry runs, PublisherLog log, PublisherMetrics metrics, Action<string> acknowledge)
{
    /// <summary>One more is not taken: it comes again after its lease.</summary>
    private const int MaxWaiting = 256;

    /// <summary>How many ids of taken commands are remembered.</summary>
    private const int MaxTaken = 10_000;

    private readonly Channel<PublisherCommand> _waiting = Channel.CreateBounded<PublisherCommand>(MaxWaiting);
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _taken = new();

    /// <summary>A line of the answer that is no receipt.</summary>
    /// <exception cref="IOException">It is not as it must be.</exception>
    public void Add(JsonElement line)
    {
        PublisherCommand? command;
        try
        {
            command = PublisherCommand.Read(line);
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException)
        {
            throw new IOException("The server has sent a command that is not as it must be.", exception);
        }

        // One of a later version is left to somebody who knows it.
        if (command is not null)
        {
            Add(command);
        }
    }

    /// <summary>Hands commands to the application's handler until the publisher ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var command in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                await HandleAsync(command, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The publisher has ended.
        }
    }

    private void Add(PublisherCommand command)
    {
        if (!_known.TryAdd(command.CommandId, false))
        {
            if (_known.TryGetValue(command.CommandId, out var isTaken) && isTaken)
            {
                acknowledge(command.CommandId);
            }

            return;
        }

        var isOfRun = TellRun(command);
        if (options.CommandHandler is null)
        {
            Settle(command, isOfRun);
        }
        else if (!_waiting.Writer.TryWrite(command))
        {
            metrics.Command("postponed");
            _known.TryRemove(command.CommandId, out _);
        }
    }

    private bool TellRun(PublisherCommand command)
    {
        switch (command)
        {
            case CancelRunCommand cancel when runs.Find(cancel, cancel.RunId) is { } run:
                run.Cancel();
                return true;
            case AnswerCommand answer when runs.Find(answer, answer.RunId) is { } run:
                return run.TryAnswer(answer);
            default:
                return false;
        }
    }

    private async Task HandleAsync(PublisherCommand command, CancellationToken cancellationToken)
    {
        try
        {
            await options.CommandHandler!(command, cancellationToken);
            Settle(command, isTaken: true);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            log.CommandFailed(exception, command.CommandId);
            metrics.Command("failed");
            _known.TryRemove(command.CommandId, out _);
        }
    }

    private void Settle(PublisherCommand command, bool isTaken)
    {
        if (!isTaken)
        {
            log.CommandNotTaken(command.CommandId, command.GetType().Name);
            metrics.Command("not_taken");
            _known.TryRemove(command.CommandId, out _);
            return;
        }

        metrics.Command("taken");
        _known[command.CommandId] = true;
        _taken.Enqueue(command.CommandId);
        while (_taken.Count > MaxTaken && _taken.TryDequeue(out var oldest))
        {
            _known.TryRemove(oldest, out _);
        }

        acknowledge(command.CommandId);
    }
}
