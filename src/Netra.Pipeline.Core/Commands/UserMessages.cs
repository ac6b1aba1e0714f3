using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Commands;

/// <summary>
/// What becomes of <c>chat_message</c>: an event of its thread, once; then a command of the publisher that has subscribed, or work of the
/// handler in the process. The handler gets each message once while the process lives, unless it refuses it: then sending the message
/// again is another try.
/// </summary>
/// <remarks>
/// Safe from any thread; no lock. What follows from the stored event is done for one caller at a time (<see cref="_underWay"/>), and those
/// that send the same meanwhile get the same answer. Bounded by the messages in handling.
/// </remarks>
internal sealed class UserMessages(
    CommandRegistry registry,
    IdempotencyIndex index,
    EventEmitterFactory emitters,
    UserExecutionContextFactory contexts,
    PipelineBridge bridge,
    IEventLog log,
    FailureReporter failures,
    TimeProvider time)
{
    private const string Operation = "chat_message";
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly EmitterOptions Options = new() { Overflow = OverflowBehavior.Report };

    private readonly ConcurrentDictionary<string, Lazy<Task<CommandAnswer>>> _underWay = new(StringComparer.Ordinal);

    /// <summary>Takes a message.</summary>
    /// <param name="userKey">Whose it is.</param>
    /// <param name="chat">The message.</param>
    /// <param name="handle">Hands it to the handler in the process; null where there is none.</param>
    /// <param name="cancellationToken">Fires when the host stops.</param>
    /// <returns>The answer, once it is stored and the handler has taken it; null where nobody is there for it.</returns>
    public async ValueTask<CommandAnswer?> TakeAsync(
        string userKey, ChatMessage chat, Func<CancellationToken, ValueTask<string?>>? handle, CancellationToken cancellationToken)
    {
        var subscriber = registry.Subscriber;
        if (subscriber is null && handle is null)
        {
            return null;
        }

        var context = contexts.CreateForThread(UserKey.UserOf(userKey), chat.ThreadId, tenantId: UserKey.TenantOf(userKey));
        var scope = context.ScopeOf(Operation);
        if (subscriber is null && bridge.RefusesRunsOfAgents)
        {
            // The handler could begin nothing: the page sends it again, to the next process.
            throw BridgeUnavailableException.Draining(scope);
        }

        HeldCommand? held = null;
        try
        {
            var data = chat.Data?.GetRawText();
            var hashes = IdempotencyHashes.OfMessage(userKey, chat.Id, chat.ThreadId, chat.Content, data);
            var keyed = await index.EmitAsync(
                hashes,
                scope,
                async (key, token) =>
                {
                    var command = CommandOf(userKey, chat, subscriber);
                    held = subscriber is null ? null : registry.Reserve(command, request: null);
                    await using var emitter = await emitters.CreateThreadEmitterAsync(context, Options, token);
                    return await emitter.UserMessageAsync(
                        chat.Content, chat.Id, data is null ? null : JsonNode.Parse(data), key, command, token);
                },
                cancellationToken);
            if (keyed.Earlier is null)
            {
                await keyed.Receipt.WhenCommittedAsync().WaitAsync(cancellationToken);
            }

            var own = held;
            held = null;
            return await OnceAsync(keyed.Id, () => HandOverAsync(keyed.Id, subscriber, own, handle, cancellationToken), own);
        }
        finally
        {
            if (held is not null)
            {
                registry.Drop(held);
            }
        }
    }

    private async Task<CommandAnswer> OnceAsync(string commandId, Func<Task<CommandAnswer>> handOver, HeldCommand? own)
    {
        var mine = new Lazy<Task<CommandAnswer>>(handOver);
        var first = _underWay.GetOrAdd(commandId, mine);
        if (first != mine && own is not null)
        {
            registry.Drop(own);
        }

        try
        {
            return await first.Value;
        }
        finally
        {
            _underWay.TryRemove(KeyValuePair.Create(commandId, first));
        }
    }

    // Whatever came of the message so far, in this process or before, decides what is left to be done.
    private async Task<CommandAnswer> HandOverAsync(
        string commandId,
        string? subscriber,
        HeldCommand? held,
        Func<CancellationToken, ValueTask<string?>>? handle,
        CancellationToken cancellationToken)
    {
        try
        {
            if (registry.Find(commandId) is not null)
            {
                return new CommandAnswer(RunId: null, IsTaken: false);
            }

            var stored = await log.Commands.FindAsync(commandId, cancellationToken);
            if (stored is null or { State: CommandState.Taken })
            {
                return new CommandAnswer(stored?.StartedRunId, IsTaken: true);
            }

            if ((stored.State == CommandState.Expired || stored.Command.Publisher != subscriber)
                && !await log.Commands.TryRenewAsync(commandId, subscriber, cancellationToken))
            {
                return new CommandAnswer(RunId: null, IsTaken: true);
            }

            if (subscriber is null)
            {
                var runId = await handle!(cancellationToken);
                await StoreTakenAsync(commandId, runId, cancellationToken);
                return new CommandAnswer(runId, IsTaken: true);
            }

            held ??= registry.Reserve(stored.Command with { Publisher = subscriber }, request: null);
            registry.Offer(held, commandId);
            held = null;
            return new CommandAnswer(RunId: null, IsTaken: false);
        }
        finally
        {
            if (held is not null)
            {
                registry.Drop(held);
            }
        }
    }

    // The handler has it: until the log knows that, nobody may find the message untaken, or it would be handled twice.
    private async Task StoreTakenAsync(string commandId, string? runId, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await log.Commands.TryTakeAsync(commandId, runId, CancellationToken.None);
                return;
            }
            catch (PipelineException exception)
            {
                failures.Report(exception);
                await Task.Delay(RetryPause, time, cancellationToken);
            }
        }
    }

    private static NewCommand CommandOf(string userKey, ChatMessage chat, string? subscriber)
    {
        var members = new ArrayBufferWriter<byte>(256 + chat.Content.Length);
        using (var json = new Utf8JsonWriter(members, CommandJson.Options))
        {
            json.WriteStartObject();
            UserKey.Write(json, userKey);
            json.WriteString("thread_id"u8, chat.ThreadId);
            json.WriteString("message_id"u8, chat.Id);
            json.WriteString("content"u8, chat.Content);
            if (chat.Data is { } data)
            {
                json.WritePropertyName("data"u8);
                data.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return new NewCommand(CommandKind.ChatMessage, userKey, chat.ThreadId, members.WrittenSpan.ToArray())
        {
            Publisher = subscriber,
            MessageId = chat.Id,
        };
    }
}
