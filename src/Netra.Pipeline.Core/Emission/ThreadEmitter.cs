using System.Text.Json.Nodes;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Emits what belongs to a thread and to no run, at any time: a title, a notification, what something has cost. It throws what an
/// <see cref="EventEmitter"/> does, and reports it before. Safe to use from any thread.
/// </summary>
public sealed class ThreadEmitter : IAsyncDisposable
{
    private readonly UserStream _stream;
    private readonly EmissionGuard _guard;
    private readonly DraftWriter _drafts;
    private readonly EventSender _sender;

    internal ThreadEmitter(EmissionServices services, UserStream stream, UserExecutionContext context, EmitterOptions options)
    {
        (_stream, Context) = (stream, context);
        _guard = new EmissionGuard(services, stream, life: null, context, EmitterAttempt.OutsideRun, options.IsOfServer);
        _drafts = new DraftWriter(services, stream, _guard, context, EmitterAttempt.OutsideRun);
        _sender = new EventSender(services, stream, _guard, life: null, context, EmitterAttempt.OutsideRun.Publisher, options);
    }

    /// <summary>Whose thread it is.</summary>
    public UserExecutionContext Context { get; }

    /// <summary>An event of the application's own. The name <c>title</c> with a text names the thread.</summary>
    /// <param name="name">What kind it is.</param>
    /// <param name="value">Any JSON.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    public ValueTask<EventReceipt> CustomAsync(string name, JsonNode? value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var (encoder, now) = _drafts.Begin(EventType.Custom);
        _drafts.WriteCustom(encoder.Data, name, value);
        var text = value is JsonValue only && only.TryGetValue(out string? given) ? given : null;
        var thread = ThreadTitles.OfCustom(Context.ThreadId, name, text);
        return SendAsync(EventType.Custom, thread, encoder, now, key: null, command: null, cancellationToken);
    }

    /// <summary>Lets the user's stream be unloaded.</summary>
    public ValueTask DisposeAsync()
    {
        if (_guard.TryDispose())
        {
            _stream.Pins.Remove();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Emits an event whose data was encoded and checked by its publisher's endpoint.</summary>
    /// <param name="data">The data.</param>
    /// <param name="key">The key under which it is published; null for none.</param>
    /// <param name="isUrgent">Whether a publisher waits for it to be stored.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    internal ValueTask<EventReceipt> EmitRawAsync(
        in PublishedData data, PublishKey? key, bool isUrgent, CancellationToken cancellationToken)
    {
        var (encoder, now) = _drafts.Begin(data, belongsTo: 1);
        var thread = ThreadTitles.OfEncoded(Context.ThreadId, data);
        var draft = _drafts.Finish(data.Type, data.Subject, encoder, now, _drafts.Trace) with { Thread = thread };
        return _sender.SendAsync(new PendingEvent(draft, Subject: null, Run: null) { Key = key, IsUrgent = isUrgent }, cancellationToken);
    }

    /// <summary>The user has said something.</summary>
    /// <param name="content">What.</param>
    /// <param name="messageId">The id that the page gave it.</param>
    /// <param name="data">What the page added; null for nothing.</param>
    /// <param name="key">The key that keeps it from becoming two events.</param>
    /// <param name="command">The command that it makes; null for none.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    internal ValueTask<EventReceipt> UserMessageAsync(
        string content, string messageId, JsonNode? data, PublishKey key, NewCommand? command, CancellationToken cancellationToken)
    {
        var (encoder, now) = _drafts.Begin(EventType.UserMessage);
        encoder.Data.WriteString("content"u8, content);
        encoder.Data.WriteString("message_id"u8, messageId);
        _drafts.WriteNode(EventType.UserMessage, encoder.Data, "data", data);
        var thread = ThreadTitles.OfMessage(Context.ThreadId, content);
        return SendAsync(EventType.UserMessage, thread, encoder, now, key, command, cancellationToken);
    }

    /// <summary>Nobody has taken a command of the thread in time. Only the server says that.</summary>
    /// <param name="command">The command.</param>
    /// <param name="change">What it changes: the command is untaken no more.</param>
    /// <param name="message">What has happened, for people.</param>
    internal ValueTask<EventReceipt> CommandExpiredAsync(NewCommand command, ExpiredCommand change, string message)
    {
        var (encoder, now) = _drafts.Begin(EventType.CommandExpired);
        DraftWriter.WriteExpired(encoder.Data, command, change.CommandId, message);
        var thread = new EventThread(Context.ThreadId);
        return SendAsync(EventType.CommandExpired, thread, encoder, now, key: null, change, CancellationToken.None);
    }

    private ValueTask<EventReceipt> SendAsync(
        EventType type,
        EventThread thread,
        EventEncoder encoder,
        DateTimeOffset now,
        PublishKey? key,
        CommandChange? command,
        CancellationToken cancellationToken)
    {
        encoder.Data.WriteEndObject();
        var draft = _drafts.Finish(type, default, encoder, now, _drafts.Trace) with { Thread = thread };
        return _sender.SendAsync(
            new PendingEvent(draft, Subject: null, Run: null) { Key = key, IsUrgent = key is not null, Command = command },
            cancellationToken);
    }
}
