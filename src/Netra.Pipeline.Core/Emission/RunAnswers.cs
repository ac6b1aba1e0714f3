using System.Text.Json;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Takes the answers to what runs ask, from whomever they come: checks them, stores each as the one <c>run_resumed</c> of its question, and
/// hands it to whoever waits. Safe from any thread.
/// </summary>
internal sealed class RunAnswers(
    EventEmitterFactory emitters, UserExecutionContextFactory contexts, StreamRegistry streams, IEventLog log, FailureReporter failures)
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
    /// <param name="userId">Whose run it is.</param>
    /// <param name="threadId">The run's thread.</param>
    /// <param name="runId">The run.</param>
    /// <param name="requestId">What it asks.</param>
    /// <param name="value">The answer.</param>
    /// <param name="by">Who answers.</param>
    /// <param name="cancellationToken">Cancels waiting for room; once it is accepted, nothing does.</param>
    /// <returns>The answer's event, once it is stored.</returns>
    /// <exception cref="AnswerRefusedException">It was not taken, and says why.</exception>
    /// <exception cref="PipelineException">It could not be stored.</exception>
    public async ValueTask<StoredReceipt> AnswerAsync(
        string? userId,
        string? threadId,
        string? runId,
        string requestId,
        JsonElement value,
        string by,
        CancellationToken cancellationToken)
    {
        var context = contexts.Create(userId, threadId, runId);
        if (!await KnowsRunAsync(context, cancellationToken))
        {
            throw Reported(AnswerRefusedException.Unknown(context.ScopeOf(Operation), requestId));
        }

        for (var tries = 1; ; tries++)
        {
            await using var emitter = await emitters.CreateEmitterAsync(context, Own, cancellationToken);
            try
            {
                return await AnswerAsync(emitter, requestId, value, by, cancellationToken);
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
        if (!await log.KnowsUserAsync(context.UserId, cancellationToken))
        {
            return false;
        }

        var stream = await streams.PinAsync(context.UserId, cancellationToken);
        try
        {
            return await stream.Runs.FindAsync(context.ThreadId, context.RunId, cancellationToken) is not null;
        }
        finally
        {
            stream.Pins.Remove();
        }
    }

    private async ValueTask<StoredReceipt> AnswerAsync(
        EventEmitter emitter, string requestId, JsonElement value, string by, CancellationToken cancellationToken)
    {
        var (scope, questions) = (emitter.Context.ScopeOf(Operation), emitter.Questions);
        var question = questions.Find(requestId) ?? throw Reported(AnswerRefusedException.Unknown(scope, requestId));
        ReadOnlyMemory<byte> encoded = JsonSerializer.SerializeToUtf8Bytes(value);
        if (question.Answer is null && !emitter.HasEnded && ProblemOf(question, value, encoded.Length) is { } problem)
        {
            throw Reported(AnswerRefusedException.Invalid(scope, requestId, problem));
        }

        var (receipt, outcome) = await questions.AnswerAsync(question, encoded, by, cancellationToken);
        switch (outcome.Verdict)
        {
            case QuestionVerdict.Taken:
                break;
            case QuestionVerdict.Answered:
                var answer = outcome.Known!.Answer!;
                throw Reported(AnswerRefusedException.Answered(scope, requestId, answer.By, answer.Seq));
            case QuestionVerdict.Closed:
                throw Reported(AnswerRefusedException.Closed(scope, requestId));
            case QuestionVerdict.Unknown:
                throw Reported(AnswerRefusedException.Unknown(scope, requestId));
            default:
                throw new InvalidOperationException($"An answer was answered with {outcome.Verdict}.");
        }

        var stored = await receipt.WhenStoredAsync(CancellationToken.None);
        if (!questions.Tell(outcome.Known!))
        {
            foreach (var listener in _listeners)
            {
                listener(RunKey.Of(emitter.Context), outcome.Known!);
            }
        }

        return stored;
    }

    private static string? ProblemOf(LogQuestion question, JsonElement value, int bytes)
        => bytes > MaxValueBytes
            ? $"has {bytes} bytes, and at most {MaxValueBytes} are allowed"
            : RequestKinds.ProblemOf(question.Kind, question.Options, value);

    private PipelineException Reported(PipelineException exception)
    {
        failures.Report(exception);
        return exception;
    }
}
