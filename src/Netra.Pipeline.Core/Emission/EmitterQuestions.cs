using Netra.Pipeline.Contexts;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>What the run of one emitter asks, and the answers to it. Safe from any thread.</summary>
/// <param name="services">What all emitters share.</param>
/// <param name="stream">The user's stream.</param>
/// <param name="guard">Refuses.</param>
/// <param name="drafts">Writes.</param>
/// <param name="sender">Sends.</param>
/// <param name="run">The run.</param>
/// <param name="life">The run's life.</param>
internal sealed class EmitterQuestions(
    EmissionServices services,
    UserStream stream,
    EmissionGuard guard,
    DraftWriter drafts,
    EventSender sender,
    StreamRun run,
    RunLife life)
{
    private const EventType Asking = EventType.RunWaiting;

    /// <summary>Asks, and waits for the answer.</summary>
    public async ValueTask<RunAnswer> AskAsync(RunQuestion question, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var asked = ToLog(question, timeout);
        var id = asked.RequestId;

        // Before it is asked: no answer is quicker.
        var answered = stream.Runs.EnterQuestion(run, id);
        try
        {
            if (await SendAsync(asked, cancellationToken) is { } known)
            {
                await WhenStored(known);
                return RunAnswer.Of(known);
            }

            return RunAnswer.Of(await answered.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, services.Time, cancellationToken));
        }
        catch (TimeoutException)
        {
            return RunAnswer.None;
        }
        finally
        {
            if (stream.Runs.LeaveQuestion(run, id))
            {
                services.Runs.EndQuestion(life, id);
            }
        }
    }

    /// <summary>What the stream would say to a question.</summary>
    public QuestionOutcome Judge(QuestionChange change, int attempt) => stream.Runs.Judge(run, change, attempt);

    /// <summary>What is known of something that the run has asked; null for nothing.</summary>
    public LogQuestion? Find(string requestId) => stream.Runs.FindQuestion(run, requestId);

    /// <summary>Where the run stands for those who want something of it.</summary>
    public RunStanding Standing => stream.Runs.StandingOf(run);

    /// <summary>The event of a question or an answer.</summary>
    public string IdOf(long seq) => stream.IdOf(seq);

    /// <summary>Completes when an answer is stored.</summary>
    public Task WhenStored(LogAnswer answer) => stream.Stages.WhenCommittedAsync(answer.Seq);

    /// <summary>Stores an answer: one a question, whoever is first.</summary>
    /// <param name="question">The question, which has been found.</param>
    /// <param name="value">The value: one JSON value, checked.</param>
    /// <param name="by">Who answers.</param>
    /// <param name="command">The command that it becomes, in the same transaction; null for none.</param>
    /// <param name="cancellationToken">Cancels waiting for room.</param>
    /// <returns>The answer's event, and what the stream has said.</returns>
    public async ValueTask<(EventReceipt Receipt, QuestionOutcome Outcome)> AnswerAsync(
        LogQuestion question, ReadOnlyMemory<byte> value, string by, CommandChange? command, CancellationToken cancellationToken)
    {
        var change = new QuestionChange(question, (value, by));
        var receipt = await SendAnswerAsync(change, value, by, command, cancellationToken);
        return (receipt, change.Outcome!);
    }

    /// <summary>An answer is stored: whoever waits for it in this process gets it.</summary>
    /// <returns>Whether somebody did.</returns>
    public bool Tell(LogQuestion answered) => stream.Runs.TellAnswer(run, answered.RequestId, answered.Answer!);

    /// <summary>What is wrong with a question, as whoever asks is told; null where nothing is.</summary>
    public static string? ProblemOf(QuestionVerdict verdict) => verdict switch
    {
        QuestionVerdict.Other => "was asked before, with another kind or other options",
        QuestionVerdict.TooMany =>
            $"is one too many: a run may have {RunQuestions.MaxOpen} open requests, and {RunQuestions.MaxAll} altogether",
        _ => null,
    };

    private LogQuestion ToLog(RunQuestion question, TimeSpan? timeout)
    {
        var id = question.RequestId ?? Guid.NewGuid().ToString("N");
        if (IdentifierRules.ProblemOf(id, "the request's id") is { } problem)
        {
            throw guard.Reported(SendFailureException.InvalidEvent(guard.Scope(Asking), "request_id", problem));
        }

        return new LogQuestion(id, question.Kind, question.Prompt)
        {
            Options = question.Options,
            Until = question.Until ?? (timeout is { } patience && patience > TimeSpan.Zero ? services.Time.GetUtcNow() + patience : null),
            CallId = question.CallId,
        };
    }

    /// <returns>The answer that there is; null when it is asked now, or waits.</returns>
    private async ValueTask<LogAnswer?> SendAsync(LogQuestion asked, CancellationToken cancellationToken)
    {
        var change = new QuestionChange(asked);
        await SendQuestionAsync(change, cancellationToken);
        return ProblemOf(change.Outcome?.Verdict ?? QuestionVerdict.Taken) is { } problem
            ? throw guard.Refused(Asking, SendFailureException.InvalidEvent(guard.Scope(Asking), "request_id", problem))
            : change.Outcome?.Known?.Answer;
    }

    private ValueTask<EventReceipt> SendQuestionAsync(QuestionChange change, CancellationToken cancellationToken)
    {
        var question = change.Question;
        var (encoder, now) = drafts.Begin(Asking);
        var data = encoder.Data;
        data.WriteString("request_id"u8, question.RequestId);
        data.WriteString("kind"u8, RequestKinds.WireName(question.Kind));
        data.WriteString("prompt"u8, question.Prompt);
        if (question.Options.Count > 0)
        {
            data.WriteStartArray("options"u8);
            foreach (var option in question.Options)
            {
                data.WriteStringValue(option);
            }

            data.WriteEndArray();
        }

        if (question.Until is { } until)
        {
            data.WriteNumber("until"u8, until.ToUnixTimeMilliseconds() / 1000.0);
        }

        if (question.CallId is { } callId)
        {
            data.WriteString("call_id"u8, callId);
        }

        data.WriteEndObject();
        return SendAsync(Asking, encoder, now, change, command: null, cancellationToken);
    }

    private ValueTask<EventReceipt> SendAnswerAsync(
        QuestionChange change, ReadOnlyMemory<byte> value, string by, CommandChange? command, CancellationToken cancellationToken)
    {
        const EventType Type = EventType.RunResumed;
        var (encoder, now) = drafts.Begin(Type);
        var data = encoder.Data;
        data.WriteString("request_id"u8, change.Question.RequestId);
        data.WritePropertyName("value"u8);
        data.WriteRawValue(value.Span, skipInputValidation: true);
        data.WriteString("by"u8, by);
        data.WriteEndObject();
        return SendAsync(Type, encoder, now, change, command, cancellationToken);
    }

    private ValueTask<EventReceipt> SendAsync(
        EventType type,
        EventEncoder encoder,
        DateTimeOffset now,
        QuestionChange change,
        CommandChange? command,
        CancellationToken cancellationToken)
    {
        var draft = drafts.Finish(type, default, encoder, now, drafts.Trace);
        return sender.SendAsync(
            new PendingEvent(draft, default(EventSubject), run) { IsUrgent = true, Question = change, Command = command },
            cancellationToken);
    }
}
