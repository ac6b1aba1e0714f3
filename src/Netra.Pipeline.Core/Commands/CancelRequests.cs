using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Commands;

/// <summary>
/// What becomes of <c>cancel_run</c>: a command, where the run goes on outside of this process. A run is asked once at a time, and a
/// message that comes again makes no second command. Safe from any thread.
/// </summary>
internal sealed class CancelRequests(StreamRegistry streams, CommandRegistry registry, IEventLog log)
{
    private const string Prefix = "k-";
    private const int IdBytes = 16;

    /// <summary>Asks for a run's cancellation.</summary>
    /// <param name="userKey">Whose run it is.</param>
    /// <param name="cancel">The message.</param>
    /// <param name="cancellationToken">Cancels waiting for the log.</param>
    /// <returns>The answer, once it is stored; null where the handler in the process is to be asked.</returns>
    /// <exception cref="SendFailureException">
    /// It cannot be kept (<c>message_rejected</c>, <c>log_failed</c>, <c>log_full</c>).
    /// </exception>
    public async ValueTask<CommandAnswer?> AskAsync(string userKey, CancelRunMessage cancel, CancellationToken cancellationToken)
    {
        if ((IdentifierRules.ProblemOf(cancel.ThreadId, "thread_id") ?? IdentifierRules.ProblemOf(cancel.RunId, "run_id")) is not null)
        {
            // No run of that name can be there.
            return null;
        }

        var stream = await streams.PinAsync(userKey, cancellationToken);
        try
        {
            if (await stream.Runs.EnterKnownAsync(cancel.ThreadId, cancel.RunId, cancellationToken) is not { } run)
            {
                return null;
            }

            try
            {
                return await AskAsync(stream, run, userKey, cancel, cancellationToken);
            }
            finally
            {
                stream.Runs.Leave(run);
            }
        }
        finally
        {
            stream.Pins.Remove();
        }
    }

    private async ValueTask<CommandAnswer?> AskAsync(
        UserStream stream, StreamRun run, string userKey, CancelRunMessage cancel, CancellationToken cancellationToken)
    {
        var standing = stream.Runs.StandingOf(run);
        if (!standing.IsOutside)
        {
            return null;
        }

        var id = IdOf(userKey, cancel);
        if (await log.Commands.FindAsync(id, cancellationToken) is { State: not CommandState.Untaken and var state })
        {
            return new CommandAnswer(cancel.RunId, IsTaken: state == CommandState.Taken);
        }

        if (standing.HasEnded)
        {
            return Ended(cancel);
        }

        var command = new NewCommand(CommandKind.CancelRun, userKey, cancel.ThreadId, MembersOf(userKey, cancel))
        {
            Publisher = standing.PublisherId,
            RunId = cancel.RunId,
            MessageId = cancel.Id,
        };
        var (held, isNew) = registry.ReserveCancel(command, standing.Publisher);
        if (isNew)
        {
            await StoreAsync(stream, run, held, id);
        }

        if (await held.Offered.WaitAsync(cancellationToken))
        {
            return new CommandAnswer(cancel.RunId, IsTaken: false);
        }

        return stream.Runs.StandingOf(run).HasEnded
            ? Ended(cancel)
            : throw SendFailureException.LogFailed(
                new FailureScope("cancel_run", userKey, cancel.ThreadId, cancel.RunId), "the cancellation could not be stored");
    }

    // Not cancelled half-way: others wait for the same command.
    private async Task StoreAsync(UserStream stream, StreamRun run, HeldCommand held, string id)
    {
        try
        {
            await log.Commands.AddAsync(id, held.Command, CancellationToken.None);
        }
        catch
        {
            registry.Drop(held);
            throw;
        }

        if (stream.Runs.StandingOf(run).HasEnded)
        {
            // Its end came before the command had its place; one that comes later finds it.
            registry.Withdraw(held, id);
            return;
        }

        registry.Offer(held, id);
    }

    private static CommandAnswer Ended(CancelRunMessage cancel) => new(cancel.RunId, IsTaken: false)
    {
        Refusal = (FailureCode.RunEnded, $"Run {cancel.RunId} has ended: there is nothing to cancel."),
    };

    // The same message has the same command, whoever was restarted in between.
    private static string IdOf(string userKey, CancelRunMessage cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (string[])[userKey, cancel.ThreadId, cancel.RunId, cancel.Id])
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{part.Length}:{part}"));
        }

        return Prefix + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, IdBytes));
    }

    private static byte[] MembersOf(string userKey, CancelRunMessage cancel)
    {
        var members = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(members, CommandJson.Options))
        {
            json.WriteStartObject();
            UserKey.Write(json, userKey);
            json.WriteString("thread_id"u8, cancel.ThreadId);
            json.WriteString("run_id"u8, cancel.RunId);
            json.WriteString("id"u8, cancel.Id);
            json.WriteEndObject();
        }

        return members.WrittenSpan.ToArray();
    }
}
