using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Publishing;

/// <content>
/// What a publisher asks (docs/protocol.md, section 9.10): a new event, unless it is asked already. Then whoever asks gets the receipt that
/// there was, or the answer.
/// </content>
internal sealed partial class EventPublisher
{
    private async ValueTask<PublishOutcome> PublishQuestionAsync(
        string? key,
        PublishedData data,
        PublishTarget target,
        EventEmitter emitter,
        PublishRequest request,
        CancellationToken cancellationToken)
    {
        var context = emitter.Context;
        var scope = context.ScopeOf(Operation);
        var change = new QuestionChange(PublishedQuestion.Read(data.Json, scope));
        var outcome = emitter.Questions.Judge(change, emitter.Attempt);
        if (outcome.Verdict != QuestionVerdict.Taken)
        {
            Hear(scope, emitter.Attempt);
            return await KnownAsync(emitter, outcome, scope);
        }

        if (key is null)
        {
            var receipt = await SendAsync(emitter, data, key: null, request.Publisher, isUrgent: true, cancellationToken, change);
            return change.Outcome is { Verdict: not QuestionVerdict.Taken } known
                ? await KnownAsync(emitter, known, scope)
                : Accepted(receipt, context);
        }

        var hashes = IdempotencyHashes.Of(request.Publisher, key, context, target.Attempt, data);
        var keyed = await index.EmitAsync(
            hashes,
            scope,
            (publishKey, token) => SendAsync(emitter, data, publishKey, request.Publisher, isUrgent: true, token, change),
            cancellationToken);

        // No event was made, by this publish or by the one under the same key that it has waited for.
        return keyed is { Earlier: null, Receipt.AssignedSeq: 0 }
            ? await KnownAsync(emitter, emitter.Questions.Judge(new QuestionChange(change.Question), emitter.Attempt), scope)
            : Accepted(keyed, context);
    }

    // No event was made.
    private async ValueTask<PublishOutcome> KnownAsync(EventEmitter emitter, QuestionOutcome outcome, FailureScope scope)
    {
        if (EmitterQuestions.ProblemOf(outcome.Verdict) is { } problem)
        {
            throw SendFailureException.InvalidEvent(scope, "data.request_id", problem);
        }

        var (questions, known) = (emitter.Questions, outcome.Known!);
        var id = questions.IdOf(known.Answer?.Seq ?? known.Seq);
        if (known.Answer is { } answer)
        {
            await questions.WhenStored(answer);
            await TakeAsync(id);
        }

        return PublishOutcome.Known(known, id, Task.CompletedTask, emitter.Context, time.GetTimestamp());
    }

    // Whoever asks again and gets the answer has taken it: it need not be told as a command any more.
    private async ValueTask TakeAsync(string commandId)
    {
        if (commands.Find(commandId)?.Publisher is not { } publisher)
        {
            return;
        }

        try
        {
            await commands.AcknowledgeAsync(publisher, commandId);
        }
        catch (PipelineException exception)
        {
            // It is told once more then.
            failures.Report(exception);
        }
    }
}
