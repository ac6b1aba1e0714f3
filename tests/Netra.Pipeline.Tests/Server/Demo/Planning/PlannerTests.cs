using System.Text.Encodings.Web;
using System.Text.Json;
using Netra.Pipeline.Server.Demo.Planning;

namespace Netra.Pipeline.Tests.Server.Demo.Planning;

public sealed class PlannerTests
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [TestCase("What is (2+3)*4?", "Calculate {\"expression\":\"(2+3)*4\"}")]
    [TestCase("What is 1/0?", "Calculate {\"expression\":\"1/0\"}")]
    [TestCase("2 plus 3 times 4", "Calculate {\"expression\":\"2 + 3 * 4\"}")]
    [TestCase("calculate -2^2 please", "Calculate {\"expression\":\"-2^2\"}")]
    [TestCase("What is (2+3*4?", "Calculate {\"expression\":\"(2+3*4\"}")]
    [TestCase("What time is it?", "Time {}")]
    [TestCase("what's the time", "Time {}")]
    [TestCase("What time is it in Europe/Berlin?", "Time {\"zone\":\"Europe/Berlin\"}")]
    [TestCase("What is the time in New York?", "Time {\"zone\":\"New York\"}")]
    [TestCase("What time is it in Mars/Olympus?", "Time {\"zone\":\"Mars/Olympus\"}")]
    [TestCase("read docs/nope.md", "Read {\"path\":\"docs/nope.md\"}")]
    [TestCase("Read ../../etc/secret.md", "Read {\"path\":\"../../etc/secret.md\"}")]
    [TestCase("show me the file README.md lines 10-20", "Read {\"path\":\"README.md\",\"from_line\":10,\"to_line\":20}")]
    [TestCase("Read docs/protocol.md, line 7", "Read {\"path\":\"docs/protocol.md\",\"from_line\":7,\"to_line\":7}")]
    [TestCase("Delete the draft", "Delete {}")]
    [TestCase("Could you please remove my draft?", "Delete {}")]
    [TestCase("throw the draft away, and delete that draft", "Delete {}")]
    [TestCase("How does a draft work?", "Research {\"question\":\"How does a draft work\"}")]
    [TestCase("Count slowly to 100", "Count {\"to\":100}")]
    [TestCase("count to 99999999999", "Count {\"to\":1000}")]
    [TestCase("How does overflow work?", "Research {\"question\":\"How does overflow work\"}")]
    [TestCase("Tell me about netra.v1 frames.", "Research {\"question\":\"Tell me about netra.v1 frames\"}")]
    [TestCase("Was 2024-05-01 a Wednesday?", "Research {\"question\":\"Was 2024-05-01 a Wednesday\"}")]
    [TestCase("What is 3?", "Introduce {}")]
    [TestCase("hello", "Introduce {}")]
    [TestCase("", "Introduce {}")]
    [TestCase("What can you do?", "Introduce {}")]
    public void PlanFor_Question_ChoosesTheStep(string question, string expected)
        => Assert.That(Steps(question), Is.EqualTo(new[] { expected }));

    [Test]
    public void PlanFor_SeveralParts_KeepsTheirOrder() => Assert.That(
        Steps("How does overflow work and what is 2+2? What time is it in Europe/Berlin and Asia/Tokyo? Then count to 3."),
        Is.EqualTo(new[]
        {
            "Research {\"question\":\"How does overflow work\"}", "Calculate {\"expression\":\"2+2\"}", "Time {\"zone\":\"Europe/Berlin\"}",
            "Time {\"zone\":\"Asia/Tokyo\"}", "Count {\"to\":3}",
        }));

    [Test]
    public void PlanFor_MorePartsThanAPlanHolds_SaysHowManyAreLeftOut()
    {
        var plan = Planner.PlanFor(string.Join("; ", Enumerable.Range(1, 11).Select(number => $"{number}+1")));

        Assert.Multiple(() =>
        {
            Assert.That(plan.Steps, Has.Count.EqualTo(Planner.MaxSteps));
            Assert.That(plan.LeftOut, Is.EqualTo(3));
        });
    }

    [Test]
    public void PlanFor_EveryStep_SaysWhy() =>
        Assert.That(
            Planner.PlanFor("What is 1+1? What time is it? Read a.md. Count to 2. Delete the draft. How do gaps work?")
                .Steps.Select(step => step.Why),
            Is.All.Not.Empty);

    [TestCase("((((((((((((((((((((((((")]
    [TestCase("what time is it in A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A A a")]
    [TestCase("../../../../../../../../../../../../../../../../../../../../../../../../../../../../..")]
    public void PlanFor_LongAndStrangeQuestion_EndsSoon(string pattern) =>
        Assert.That(Planner.PlanFor(string.Concat(Enumerable.Repeat(pattern, 5_000))).Steps, Is.Not.Empty);

    private static List<string> Steps(string question) =>
        [.. Planner.PlanFor(question).Steps.Select(step => $"{step.Kind} {step.Arguments.ToJsonString(Readable)}")];
}
