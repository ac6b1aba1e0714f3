using System.Collections.ObjectModel;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Publishing;

/// <summary>What became of one event: its receipt, or why it has none.</summary>
/// <param name="Receipt">The receipt; meaningless with a rejection, and with <see cref="Earlier"/>.</param>
/// <param name="Context">Whose event it is; null with a rejection.</param>
/// <param name="AcceptedAt">The clock's timestamp when it was accepted, or asked for again.</param>
/// <param name="Rejection">Why it was refused; null when it was not.</param>
internal readonly record struct PublishOutcome(
    EventReceipt Receipt, UserExecutionContext? Context, long AcceptedAt, PublishRejection? Rejection)
{
    /// <summary>The event that the log has stored under the same key; null when this process has accepted it just now.</summary>
    public StoredKey? Earlier { get; private init; }

    /// <summary>How long may pass until the next sign of life, where the request was one; null for an event.</summary>
    public TimeSpan? Lease { get; private init; }

    /// <summary>What is known of something that was asked before: no event was made; null for anything else.</summary>
    public LogQuestion? Question { get; private init; }

    /// <summary>The id of the event that asked it, or, if there is one, of its answer.</summary>
    private string? QuestionEvent { get; init; }

    /// <summary>Completes when the log has stored what a sign of life says, an answer, or an acknowledgement; null for an event.</summary>
    public Task? Kept
    {
        get;
        private init
        {
            field = value;

            // A publisher that goes away in the middle reads no more answers, and then nobody asks what became of it.
            value?.ObserveFailure();
        }
    }

    /// <summary>The command that a line acknowledges; null for an event.</summary>
    public string? CommandId { get; private init; }

    /// <summary>Whether it is the outcome of an earlier publish under the same key: no event was made.</summary>
    public bool IsReplay { get; init; }

    /// <summary>The event's id.</summary>
    public string Id => QuestionEvent
        ?? (Earlier is { } earlier ? EventDraft.IdOf(EventDraft.KeyOf(earlier.StreamId), earlier.Seq) : Receipt.AssignedId);

    /// <summary>The event's number.</summary>
    public long Seq => Question is { } known ? known.Answer?.Seq ?? known.Seq : Earlier?.Seq ?? Receipt.AssignedSeq;

    /// <summary>Where the event stood when it was accepted.</summary>
    public EventStatus Status => Earlier?.Status ?? Receipt.AssignedStatus;

    public static PublishOutcome Rejected(PublishRejection rejection) => new(default, null, 0, rejection);

    /// <summary>A sign of life was taken.</summary>
    /// <param name="lease">How long may pass until the next one.</param>
    /// <param name="kept">Completes when the log has stored what it says.</param>
    /// <param name="context">Whose it is.</param>
    /// <param name="at">The clock's timestamp.</param>
    public static PublishOutcome Renewed(TimeSpan lease, Task kept, UserExecutionContext context, long at)
        => new(default, context, at, null) { Lease = lease, Kept = kept };

    /// <summary>What was asked is known already.</summary>
    /// <param name="question">What is known.</param>
    /// <param name="id">The event that asked it, or its answer.</param>
    /// <param name="stored">Completes when that is stored.</param>
    /// <param name="context">Whose it is.</param>
    /// <param name="at">The clock's timestamp.</param>
    public static PublishOutcome Known(LogQuestion question, string id, Task stored, UserExecutionContext context, long at)
        => new(default, context, at, null) { Question = question, QuestionEvent = id, Kept = stored };

    /// <summary>A command is acknowledged.</summary>
    /// <param name="commandId">The command.</param>
    /// <param name="kept">Completes when the log has stored that it was taken.</param>
    /// <param name="at">The clock's timestamp.</param>
    public static PublishOutcome Acknowledged(string commandId, Task kept, long at)
        => new(default, null, at, null) { CommandId = commandId, Kept = kept };

    /// <summary>The outcome of an event that is in the log.</summary>
    public static PublishOutcome Stored(StoredKey earlier) => new(default, null, 0, null) { Earlier = earlier, IsReplay = true };
}

/// <summary>Why an event was refused, or not confirmed, as its publisher is told. It has been reported.</summary>
/// <param name="Code">Which failure it is.</param>
/// <param name="Message">What happened.</param>
/// <param name="Numbers">The numbers of the case.</param>
internal sealed record PublishRejection(FailureCode Code, string Message, IReadOnlyDictionary<string, long> Numbers)
{
    public PublishRejection(FailureCode code, string message)
        : this(code, message, ReadOnlyDictionary<string, long>.Empty)
    {
    }

    // Not the exception itself: a hundred thousand of these may wait, and its stack is in the log.
    public static PublishRejection From(PipelineException exception) => new(exception.Code, exception.Message, exception.Numbers);
}
