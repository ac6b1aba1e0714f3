using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// The table <c>questions</c>: what runs have asked, and the answers, a row each. It is written in the transaction of the event that asks
/// or answers, and goes with the event that asked. Only the writer uses it.
/// </summary>
internal sealed class QuestionTable(SqliteDatabase database)
{
    private const string Columns = "q.request, q.kind, q.prompt, q.options, q.until, q.call, q.attempt, q.seq, q.asked, q.answer_seq, "
        + "q.value, q.answered_by";

    private readonly SqliteStatement _put = database.Prepare(
        "INSERT OR REPLACE INTO questions(run, stream, request, kind, prompt, options, until, call, attempt, seq, asked, answer_seq, "
        + "value, answered_by) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");

    private readonly SqliteStatement _ofRun = database.Prepare($"SELECT {Columns} FROM questions AS q WHERE q.run = ?1 ORDER BY q.seq");
    private readonly SqliteStatement _ofOpenRuns = database.Prepare(
        $"SELECT {Columns}, q.run FROM questions AS q JOIN runs AS r ON r.id = q.run WHERE r.terminal_seq = 0 ORDER BY q.seq");

    private readonly SqliteStatement _expire = database.Prepare("DELETE FROM questions WHERE stream = ?1 AND seq <= ?2");

    /// <summary>Keeps a question as it stands.</summary>
    /// <param name="run">The key of the run's row.</param>
    /// <param name="stream">The key of the stream's row.</param>
    /// <param name="question">The question.</param>
    public void Put(long run, long stream, LogQuestion question)
    {
        _put.Bind(1, run).Bind(2, stream).Bind(3, question.RequestId).Bind(4, (long)question.Kind).Bind(5, question.Prompt)
            .Bind(6, question.Options.Count == 0 ? null : JsonSerializer.Serialize(question.Options))
            .Bind(7, question.Until?.UtcTicks ?? 0).Bind(8, question.CallId).Bind(9, question.Attempt).Bind(10, question.Seq)
            .Bind(11, question.AskedAt.UtcTicks).Bind(12, question.Answer?.Seq ?? 0)
            .Bind(13, question.Answer is { } answer ? answer.Value.Span : default).Bind(14, question.Answer?.By).Execute();
    }

    /// <summary>What a run has asked.</summary>
    /// <param name="run">The key of its row.</param>
    public IReadOnlyList<LogQuestion> Of(long run)
    {
        var questions = new List<LogQuestion>();
        using var rows = _ofRun.Bind(1, run).Query();
        while (rows.Next())
        {
            questions.Add(Read(_ofRun));
        }

        return questions;
    }

    /// <summary>What the runs without a terminal event have asked, by the keys of their rows.</summary>
    public ILookup<long, LogQuestion> OfOpenRuns()
    {
        var questions = new List<(long Run, LogQuestion Question)>();
        using var rows = _ofOpenRuns.Query();
        while (rows.Next())
        {
            questions.Add((_ofOpenRuns.Int64(12), Read(_ofOpenRuns)));
        }

        return questions.ToLookup(static row => row.Run, static row => row.Question);
    }

    /// <summary>Deletes what was asked by deleted events.</summary>
    /// <param name="stream">The key of the stream's row.</param>
    /// <param name="through">The last number that is deleted.</param>
    public void Expire(long stream, long through) => _expire.Bind(1, stream).Bind(2, through).Execute();

    private static LogQuestion Read(SqliteStatement row)
        => new(row.Text(0), (RequestKind)row.Int32(1), row.Text(2))
        {
            Options = row.TextOrNull(3) is { } options ? JsonSerializer.Deserialize<string[]>(options)! : [],
            Until = row.Int64(4) is > 0 and var until ? new DateTimeOffset(until, TimeSpan.Zero) : null,
            CallId = row.TextOrNull(5),
            Attempt = row.Int32(6),
            Seq = row.Int64(7),
            AskedAt = new DateTimeOffset(row.Int64(8), TimeSpan.Zero),
            Answer = row.Int64(9) is > 0 and var seq ? new LogAnswer(seq, row.Blob(10).ToArray(), row.Text(11)) : null,
        };
}
