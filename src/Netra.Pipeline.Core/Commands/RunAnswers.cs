using System.Buffers;
using System.Text.Json;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Commands;

/// <summary>
/// Takes the answers to what runs ask, from whomever they come: checks them, stores each as the one <c>run_resumed</c> of its question, and
/// hands it to whoever waits: in the process, or, as a command, to the publisher of the run. Safe from any thread.
/// </summary>
internal sealed class RunAnswers(
    EventEmitterFactory emitters,
    UserExecutionContextFactory contexts,
    StreamRegistry streams,
    CommandRegistry registry,
    IEventLog log,
    FailureReporter failures)
{
    /// <summary>The longest value, in bytes of JSON.</summary>
    public const int MaxValueBytes = 64 * 1024;

    private const string Operation = "Answer";

    // A try fails when the run begins an attempt at the same moment.
    private const int MaxTries = 8;

    private static readonly EmitterOptions Own = new() { Overflow = OverflowBehavior.Report, IsOfServer = true };

    private readonly List<Action<RunKey, LogQuestion>> _listeners = [];

    /// <summary>Has stored answers told of runs of this process for which nobody waits. To be called before the start.</summary>
    /// <param name="listener">Is told; it must not throw, and must return at once.</param>
    public void Subscribe(Action<RunKey, LogQuestion> listener) => _listeners.Add(listener);

    /// <summary>Answers a question.</summary>
    /// <param name="tenantId">The tenant of the user; empty for none.</param>
    /// <param name="userId">Whose run it is.</param>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="requestId">What it asks.</param>
    /// <param name="value">The answer.</param>
    /// <param name="by">Who answers.</param>
    /// <param name="messageId">The client message that it came with; null when none did.</param>
    /// <param name="cancellationToken">Cancels waiting for room; once it is accepted, nothing does.</param>
    /// <returns>The answer's event, once it is stored.</returns>
    /// <exception cref="AnswerRefusedException">It was not taken, and says why.</exception>
    /// <exception cref="PipelineException">It could not be stored.</exception>
    public async ValueTask<TakenAnswer> AnswerAsync(
        string tenantId,
        string? userId,
        string? threadId,
        string? runId,
        string requestId,
        JsonElement value,
        string by,
        string? messageId,
        CancellationToken cancellationToken)
    {
        var context = contexts.Create(userId, threadId, runId, tenantId: tenantId);
        if (!await KnowsRunAsync(context, cancellationToken))
        {
            throw Reported(AnswerRefusedException.Unknown(context.ScopeOf(Operation), requestId));
        }

        for (var tries = 1; ; tries++)
        {
            await using var emitter = await emitters.CreateEmitterAsync(context, Own, cancellationToken);
            try
            {
                return await AnswerAsync(emitter, requestId, value, by, messageId, cancellationToken);
            }
            catch (SendFailureException exception) when (exception.Code == FailureCode.AttemptSuperseded && tries < MaxTries)
            {
                // The next attempt has begun meanwhile, and the answer is for it.
            }
        }
    }

    // Answering makes no stream, and no run.
    private async ValueTask<bool> KnowsRunAsync(UserExecutionContext context, CancellationToken cancellationToken)
    {
        if (!await log.KnowsUserAsync(context.UserKey, cancellationToken))
        {
            return false;
        }

        var stream = await streams.PinAsync(context.UserKey, cancellationToken);
        try
        {
            return await stream.Runs.FindAsync(context.ThreadId, context.RunId, cancellationToken) is not null;
        }
        finally
        {
            stream.Pins.Remove();
        }
    }

    private async ValueTask<TakenAnswer> AnswerAsync(
        EventEmitter emitter, string requestId, JsonElement value, string by, string? messageId, CancellationToken cancellationToken)
    {
        var (scope, questions) = (emitter.Context.ScopeOf(Operation), emitter.Questions);
        var question = questions.Find(requestId) ?? throw Reported(AnswerRefusedException.Unknown(scope, requestId));
        ReadOnlyMemory<byte> encoded = JsonSerializer.SerializeToUtf8Bytes(value);
        if (question.Answer is null && !emitter.HasEnded && ProblemOf(question, value, encoded.Length) is { } problem)
        {
            throw Reported(AnswerRefusedException.Invalid(scope, requestId, problem));
        }

        var held = Reserve(emitter, question, encoded, by, messageId);
        try
        {
            var (receipt, outcome) = await questions.AnswerAsync(question, encoded, by, held?.Command, cancellationToken);
            EnsureTaken(outcome, scope, requestId);
            var stored = await receipt.WhenStoredAsync(CancellationToken.None);
            if (held is not null)
            {
                registry.Offer(held, stored.Id);
                held = null;
                return new TakenAnswer(stored, IsTaken: false);
            }

            if (!questions.Tell(outcome.Known!))
            {
                foreach (var listener in _listeners)
                {
                    listener(RunKey.Of(emitter.Context), outcome.Known!);
                }
            }

            return new TakenAnswer(stored, !emitter.Questions.Standing.IsOutside);
        }
        finally
        {
            if (held is not null)
            {
                registry.Drop(held);
            }
        }
    }

    private void EnsureTaken(QuestionOutcome outcome, in FailureScope scope, string requestId)
    {
        switch (outcome.Verdict)
        {
            case QuestionVerdict.Taken:
                break;
            case QuestionVerdict.Answered:
                var answer = outcome.Known!.Answer!;
                throw Lost(AnswerRefusedException.Answered(scope, requestId, answer.By, answer.Seq));
            case QuestionVerdict.Closed:
                throw Lost(AnswerRefusedException.Closed(scope, requestId));
            case QuestionVerdict.Unknown:
                throw Reported(AnswerRefusedException.Unknown(scope, requestId));
            default:
                throw new InvalidOperationException($"An answer was answered with {outcome.Verdict}.");
        }

    }

    // Of a run outside of the process the answer is a command, too.
    private HeldCommand? Reserve(EventEmitter emitter, LogQuestion question, ReadOnlyMemory<byte> value, string by, string? messageId)
    {
        var standing = emitter.Questions.Standing;
        if (!standing.IsOutside || standing.HasEnded)
        {
            return null;
        }

        var context = emitter.Context;
        var command = new NewCommand(CommandKind.Answer, context.UserKey, context.ThreadId, MembersOf(context, question, value, by))
        {
            Publisher = standing.PublisherId,
            RunId = context.RunId,
            RequestId = question.RequestId,
            MessageId = messageId,
        };
        try
        {
            return registry.Reserve(command, standing.Publisher);
        }
        catch (SendFailureException exception) when (exception.Code == FailureCode.MessageRejected)
        {
            // Too many wait. The answer is stored all the same, and whoever asks again gets it.
            failures.Report(exception);
            return null;
        }
    }

    private static byte[] MembersOf(UserExecutionContext context, LogQuestion question, ReadOnlyMemory<byte> value, string by)
    {
        var members = new ArrayBufferWriter<byte>(256 + value.Length);
        using (var json = new Utf8JsonWriter(members, CommandJson.Options))
        {
            json.WriteStartObject();
            UserKey.Write(json, context.UserKey);
            json.WriteString("thread_id"u8, context.ThreadId);
            json.WriteString("run_id"u8, context.RunId);
            json.WriteString("request_id"u8, question.RequestId);
            json.WritePropertyName("value"u8);
            json.WriteRawValue(value.Span, skipInputValidation: true);
            json.WriteString("by"u8, by);
            json.WriteEndObject();
        }

        return members.WrittenSpan.ToArray();
    }

    private static string? ProblemOf(LogQuestion question, JsonElement value, int bytes)
        => bytes > MaxValueBytes
            ? $"has {bytes} bytes, and at most {MaxValueBytes} are allowed"
            : RequestKinds.ProblemOf(question.Kind, question.Options, value);

    // That somebody else was quicker, or the run, is told to whoever answered, and is nobody else's affair.
    private static AnswerRefusedException Lost(AnswerRefusedException refusal)
    {
        refusal.TryMarkReported();
        return refusal;
    }

    private PipelineException Reported(PipelineException exception)
    {
        failures.Report(exception);
        return exception;
    }
}

/// <summary>An answer that was taken.</summary>
/// <param name="Stored">Its event.</param>
/// <param name="IsTaken">Whether it has reached whoever asked, in this process; otherwise a backend will get it.</param>
internal readonly record struct TakenAnswer(StoredReceipt Stored, bool IsTaken);
