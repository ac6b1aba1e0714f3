using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Commands;

/// <summary>
/// Says of commands that nobody has taken in time that it is so: <c>command_expired</c>, in the run where that is open, else in the thread.
/// What cannot be said is tried again a second later, and may be taken until then.
/// </summary>
/// <remarks>Called by one loop.</remarks>
internal sealed class CommandExpiry(
    CommandRegistry registry,
    UserExecutionContextFactory contexts,
    EventEmitterFactory emitters,
    RunClock clock,
    FailureReporter failures)
{
    private const int AtOnce = 64;
    private const string Operation = "expire commands";

    private readonly FailureAggregator _failed = new(failures);

    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        var expired = registry.TakeExpired();
        if (expired.Count == 0)
        {
            return;
        }

        try
        {
            await Parallel.ForEachAsync(
                expired,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                TellAsync);
        }
        finally
        {
            // Those that were not reached because the host stops, or one of them failed.
            foreach (var held in expired)
            {
                if (held.State == HeldState.Expiring)
                {
                    registry.OnNotExpired(held);
                }
            }

            _failed.Tell();
        }
    }

    private static string Describe(NewCommand command, TimeSpan waited) => command.Kind switch
    {
        CommandKind.CancelRun => $"No backend has taken the cancellation within {Words(waited)}: the run goes on",
        CommandKind.Answer => $"No backend has taken the answer within {Words(waited)}",
        CommandKind.ChatMessage => $"No backend has taken the message within {Words(waited)}: nobody works on it",
        _ => throw new ArgumentOutOfRangeException(nameof(command), command.Kind, "not a kind of command"),
    };

    private static string Words(TimeSpan waited)
        => waited < TimeSpan.FromMinutes(2) ? $"{waited.TotalSeconds:F0} s"
            : waited < TimeSpan.FromHours(2) ? $"{waited.TotalMinutes:F0} min" : $"{waited.TotalHours:F0} h";

    private async ValueTask TellAsync(HeldCommand held, CancellationToken cancellationToken)
    {
        var command = held.Command;
        var text = Describe(command, TimeSpan.FromTicks(clock.Now - held.Since));
        var change = new ExpiredCommand(held.Id);
        try
        {
            // As what the server says of its own runs: whatever the ids are, the log has them.
            var context = contexts.CreateInterrupted(command.UserId, command.ThreadId, command.RunId ?? string.Empty);
            if (command.RunId is null)
            {
                await using var emitter = await emitters.CreateThreadEmitterAsync(context, EmitterOptions.OfServer, cancellationToken);
                await emitter.CommandExpiredAsync(command, change, text);
            }
            else
            {
                await using var emitter = await emitters.CreateEmitterAsync(context, EmitterOptions.OfServer, cancellationToken);
                await emitter.CommandExpiredAsync(command, change, text);
            }
        }
        catch (PipelineException exception) when (exception.Code == FailureCode.RunEnded)
        {
            registry.OnPointless(held);
            return;
        }
        catch (PipelineException)
        {
            // Reported by the emitter.
            registry.OnNotExpired(held);
            return;
        }

        registry.OnExpired(held);
        _failed.Add(Failure.In(
            FailureCode.CommandExpired, new FailureScope(Operation, command.UserId, command.ThreadId, command.RunId), text));
    }
}
