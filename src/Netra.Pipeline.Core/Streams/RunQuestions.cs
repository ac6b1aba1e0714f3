using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Streams;

/// <summary>
/// What one run has asked, and the answers: one for each, whoever comes first. Bounded. A state machine; the stream's lock guards it.
/// </summary>
internal sealed class RunQuestions
{
    /// <summary>How many may be open.</summary>
    public const int MaxOpen = 64;

    /// <summary>How many a run may have asked.</summary>
    public const int MaxAll = 1000;

    private readonly Dictionary<string, LogQuestion> _all = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Waiter> _waiters = new(StringComparer.Ordinal);

    public RunQuestions(IReadOnlyList<LogQuestion> known)
    {
        foreach (var question in known)
        {
            _all[question.RequestId] = question;
        }
    }

    /// <summary>All of them, in the order in which they were asked last.</summary>
    public IReadOnlyList<LogQuestion> All => [.. _all.Values.OrderBy(static question => question.Seq)];

    public LogQuestion? Find(string requestId) => _all.GetValueOrDefault(requestId);

    /// <summary>Whether a question may be asked.</summary>
    /// <param name="asked">The question.</param>
    /// <param name="attempt">The run's attempt.</param>
    public QuestionOutcome JudgeAsking(LogQuestion asked, int attempt)
    {
        var known = Find(asked.RequestId);
        if (known is null)
        {
            var open = _all.Values.Count(question => question.Answer is null && question.Attempt == attempt);
            return new QuestionOutcome(_all.Count >= MaxAll || open >= MaxOpen ? QuestionVerdict.TooMany : QuestionVerdict.Taken, null);
        }

        var verdict = known.Kind != asked.Kind || !known.Options.SequenceEqual(asked.Options, StringComparer.Ordinal)
            ? QuestionVerdict.Other
            : known.Answer is not null ? QuestionVerdict.Answered
            : known.Attempt >= attempt ? QuestionVerdict.Waiting
            : QuestionVerdict.Taken;
        return new QuestionOutcome(verdict, known);
    }

    /// <summary>Whether a question may be answered.</summary>
    /// <param name="requestId">The question.</param>
    /// <param name="hasEnded">Whether the run has ended.</param>
    public QuestionOutcome JudgeAnswering(string requestId, bool hasEnded)
    {
        var known = Find(requestId);
        var verdict = known is null ? QuestionVerdict.Unknown
            : known.Answer is not null ? QuestionVerdict.Answered
            : hasEnded ? QuestionVerdict.Closed
            : QuestionVerdict.Taken;
        return new QuestionOutcome(verdict, known);
    }

    /// <summary>A question was asked, or answered.</summary>
    public void Put(LogQuestion question) => _all[question.RequestId] = question;

    /// <summary>Completes once an answer is stored. To be given back with <see cref="Leave"/>.</summary>
    public Task<LogAnswer> Enter(string requestId)
    {
        if (!_waiters.TryGetValue(requestId, out var waiter))
        {
            _waiters.Add(requestId, waiter = new Waiter());
        }

        waiter.Callers++;
        return waiter.Answered.Task;
    }

    /// <summary>A caller waits no more.</summary>
    /// <returns>Whether no other one of this process does.</returns>
    public bool Leave(string requestId)
    {
        if (!_waiters.TryGetValue(requestId, out var waiter) || --waiter.Callers > 0)
        {
            return false;
        }

        return _waiters.Remove(requestId);
    }

    /// <summary>An answer is stored.</summary>
    /// <returns>Whether somebody in this process waited for it.</returns>
    public bool Tell(string requestId, LogAnswer answer)
        => _waiters.TryGetValue(requestId, out var waiter) && waiter.Answered.TrySetResult(answer);

    /// <summary>Forgets those whose event retention has deleted.</summary>
    public void Expire(long through)
    {
        foreach (var question in _all.Values.Where(question => question.Seq <= through).ToArray())
        {
            _all.Remove(question.RequestId);
        }
    }

    private sealed class Waiter
    {
        public TaskCompletionSource<LogAnswer> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Callers { get; set; }
    }
}

/// <summary>What a stream says to a question or to an answer.</summary>
/// <param name="Verdict">What it says.</param>
/// <param name="Known">What is known of the question; null for a new one.</param>
internal sealed record QuestionOutcome(QuestionVerdict Verdict, LogQuestion? Known);

/// <summary>What a stream says to a question or to an answer.</summary>
internal enum QuestionVerdict
{
    /// <summary>It is a new event.</summary>
    Taken,

    /// <summary>It is asked already, and has no answer.</summary>
    Waiting,

    /// <summary>It has its answer.</summary>
    Answered,

    /// <summary>It was asked as something else.</summary>
    Other,

    /// <summary>The run has asked too much.</summary>
    TooMany,

    /// <summary>It was never asked, or is not kept any more.</summary>
    Unknown,

    /// <summary>Nobody waits for the answer any more.</summary>
    Closed,
}

/// <summary>A question on its way, or the answer to one.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answer">The value and who answered; null for the question itself.</param>
internal sealed record QuestionChange(LogQuestion Question, (ReadOnlyMemory<byte> Value, string By)? Answer = null)
{
    /// <summary>What the stream has said; null before, and for a question of an earlier attempt, which opens nothing.</summary>
    public QuestionOutcome? Outcome { get; set; }

    /// <summary>The question as it stands once the event has its number.</summary>
    public LogQuestion At(long seq, DateTimeOffset at, int attempt) => Answer is var (value, by)
        ? Question with { Answer = new LogAnswer(seq, value, by) }
        : Question with { Seq = seq, AskedAt = at, Attempt = attempt };
}
