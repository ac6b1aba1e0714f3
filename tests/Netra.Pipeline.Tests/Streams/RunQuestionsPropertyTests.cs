using FsCheck;
using FsCheck.Fluent;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>
/// Whatever is asked, answered and begun anew, in whatever order: one answer a question, and it is told to whoever asks again.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RunQuestionsPropertyTests
{
    private enum Act
    {
        Ask,
        Answer,
        NextAttempt,
        End,
        Reload,
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public Property AnyOrder_GivesEachQuestionOneAnswer()
    {
        var steps = from act in Gen.Frequency(
                (6, Gen.Constant(Act.Ask)), (6, Gen.Constant(Act.Answer)), (2, Gen.Constant(Act.NextAttempt)),
                (1, Gen.Constant(Act.End)), (2, Gen.Constant(Act.Reload)))
                    from id in Gen.Choose(0, 4)
                    select (act, id);
        return Prop.ForAll(steps.ListOf().ToArbitrary(), static steps =>
        {
            var (questions, attempt, ended, seq) = (new RunQuestions([]), 1, false, 0L);
            var model = new Dictionary<string, (int Attempt, long? Answer)>(StringComparer.Ordinal);
            foreach (var (act, number) in steps)
            {
                var id = $"q{number}";
                var known = model.TryGetValue(id, out var state);
                switch (act)
                {
                    case Act.Ask when !ended:
                        var verdict = questions.JudgeAsking(new LogQuestion(id, RequestKind.Text, "?"), attempt).Verdict;
                        Assert.That(verdict, Is.EqualTo(
                            !known ? QuestionVerdict.Taken
                            : state.Answer is not null ? QuestionVerdict.Answered
                            : state.Attempt == attempt ? QuestionVerdict.Waiting
                            : QuestionVerdict.Taken));
                        if (verdict == QuestionVerdict.Taken)
                        {
                            questions.Put(new LogQuestion(id, RequestKind.Text, "?") { Seq = ++seq, Attempt = attempt });
                            model[id] = (attempt, null);
                        }

                        break;
                    case Act.Answer:
                        var outcome = questions.JudgeAnswering(id, ended);
                        Assert.That(outcome.Verdict, Is.EqualTo(
                            !known ? QuestionVerdict.Unknown
                            : state.Answer is not null ? QuestionVerdict.Answered
                            : ended ? QuestionVerdict.Closed
                            : QuestionVerdict.Taken));
                        if (outcome.Verdict == QuestionVerdict.Taken)
                        {
                            questions.Put(outcome.Known! with { Answer = new LogAnswer(++seq, "1"u8.ToArray(), "ada") });
                            model[id] = (state.Attempt, seq);
                        }

                        break;
                    case Act.NextAttempt:
                        attempt += ended ? 0 : 1;
                        break;
                    case Act.End:
                        ended = true;
                        break;
                    case Act.Reload:
                        questions = new RunQuestions(questions.All);
                        break;
                }
            }

            Assert.That(
                questions.All.Select(static q => (q.RequestId, q.Attempt, q.Answer?.Seq)),
                Is.EquivalentTo(model.Select(static m => (m.Key, m.Value.Attempt, m.Value.Answer))));
        });
    }
}
