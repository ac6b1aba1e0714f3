using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>A stream's state of one run. Guarded by the stream's lock.</summary>
internal sealed class StreamRun(LogRun run)
{
    private RunDeclaration? _declared;
    private DateTimeOffset? _waitingUntil = run.WaitingUntil;
    private bool _hasToldLate;
    private RunQuestions? _questions = run.Questions.Count > 0 ? new RunQuestions(run.Questions) : null;

    public string ThreadId => Logged.ThreadId;

    public string RunId => Logged.RunId;

    /// <summary>The run as the log knew it when it was found.</summary>
    public LogRun Logged { get; } = run;

    /// <summary>The agent that runs: the first one that was named, if one was.</summary>
    public string? AgentName => _declared?.AgentName ?? Logged.AgentName;

    /// <summary>The attempt that has begun last.</summary>
    public int Attempt { get; private set; } = run.Attempt;

    /// <summary>How many events the attempt has.</summary>
    public long Events { get; private set; } = run.Events;

    /// <summary>The number of the attempt's first event; 0 while it has none.</summary>
    public long FirstSeq { get; private set; } = run.FirstSeq;

    /// <summary>The number of the run's terminal event; 0 while it is open.</summary>
    public long TerminalSeq { get; private set; } = run.TerminalSeq;

    /// <summary>The number of the run's last event.</summary>
    public long LastSeq { get; private set; } = run.LastSeq;

    /// <summary>How many emitters hold the run; it is not forgotten before they are gone.</summary>
    public int Emitters { get; set; }

    /// <summary>What it has asked.</summary>
    public RunQuestions Questions => _questions ??= new RunQuestions([]);

    public bool HasEnded => TerminalSeq != 0;

    /// <summary>The request from outside that published to it last; null where none has since the stream was loaded.</summary>
    public RunPublisher? Publisher { get; set; }

    /// <summary>Whose that request is, or was before the stream was loaded; null where nobody has published to it from outside.</summary>
    public string? PublisherId => Publisher?.Id ?? Logged.Publisher;

    /// <summary>The run's summary if its terminal event gets this number.</summary>
    public RunSummary SummaryAt(long seq) => new(Events + 1, FirstSeq == 0 ? seq : FirstSeq, seq);

    /// <summary>The run's present state, with what it has declared since it was found.</summary>
    public LogRun Now => new(ThreadId, RunId, Logged.IsEmbedded, AgentName)
    {
        Attempt = Attempt,
        Events = Events,
        FirstSeq = FirstSeq,
        LastSeq = LastSeq,
        TerminalSeq = TerminalSeq,
        Lease = _declared is null ? Logged.Lease : _declared.Lease > TimeSpan.Zero ? _declared.Lease : null,
        WaitingUntil = _waitingUntil,
        Questions = _questions?.All ?? [],
        Publisher = PublisherId,
    };

    /// <summary>The run waits, until its next event.</summary>
    public void Wait(DateTimeOffset until) => _waitingUntil = until;

    /// <summary>Whether a question, or an answer, is a new event.</summary>
    public QuestionOutcome Judge(QuestionChange change, int attempt)
    {
        if (change.Answer is not null)
        {
            return Questions.JudgeAnswering(change.Question.RequestId, HasEnded);
        }

        // A run that has ended asks nothing new, but is told what it was answered.
        var outcome = Questions.JudgeAsking(change.Question, attempt);
        return HasEnded && outcome.Verdict != QuestionVerdict.Answered ? outcome with { Verdict = QuestionVerdict.Taken } : outcome;
    }

    /// <summary>Retention has deleted events: what they asked is not kept any more.</summary>
    public void Expire(long through) => _questions?.Expire(through);

    /// <summary>Where an event stands among the run's attempts.</summary>
    public AttemptPlace PlaceOf(in EventDraft draft)
        => draft.Attempt == Attempt ? AttemptPlace.Present
            : draft.Attempt < Attempt ? AttemptPlace.Late
            : draft.BeginsAttempt && IsOf(draft.Declared?.AgentName) ? AttemptPlace.Begins
            : AttemptPlace.Unknown;

    /// <summary>Which attempt a beginning belongs to that says one itself.</summary>
    /// <param name="agentName">The agent that begins.</param>
    /// <param name="said">What it says.</param>
    /// <param name="publisher">The attempt of its publisher, to which it belongs where it can begin none.</param>
    public int AttemptOf(string? agentName, int said, int publisher) => said <= Attempt || IsOf(agentName) ? said : publisher;

    /// <summary>What is to be stored of what an event says of the run: the agent that was named first stays.</summary>
    public RunDeclaration? Keep(RunDeclaration? declared)
        => declared is null || AgentName is null ? declared : declared with { AgentName = AgentName };

    /// <summary>Whether a late event is the first one since the attempt began: the others are not reported.</summary>
    public bool TakeLate() => !_hasToldLate && (_hasToldLate = true);

    /// <summary>The next attempt begins: nothing of the earlier one counts.</summary>
    public void Begin(int attempt) => (Attempt, Events, FirstSeq, _hasToldLate) = (attempt, 0, 0, false);

    public void Count(long seq, bool isTerminal, RunDeclaration? declared = null, bool keepsWaiting = false)
    {
        _declared = declared ?? _declared;
        _waitingUntil = keepsWaiting ? _waitingUntil : null;
        Events++;
        FirstSeq = FirstSeq == 0 ? seq : FirstSeq;
        LastSeq = seq;
        TerminalSeq = isTerminal ? seq : 0;
    }

    private bool IsOf(string? agentName) => AgentName is not { } known || known == agentName;
}
