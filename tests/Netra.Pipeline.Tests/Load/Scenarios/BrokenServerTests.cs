using System.Text.RegularExpressions;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>The load harness against servers that break one thing: it says which, whom it concerns, and which event.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class BrokenServerTests
{
    private const int AtOnce = 10;

    // A receipt more or less moves those that follow, or does not when none is under way.
    private const int AtLeastOne = -1;
    private const string User = @"load-[0-9a-f]+-1( \(c-[0-9a-f]+\))?: ";
    private const string Publisher = "publisher 1: ";
    private const string TooMany = "(" + User + "event [0-9]+ |" + Publisher + "a receipt that no event is waiting for: )";

    // All of them run at once from the beginning: each waits most of the time.
    private static readonly Dictionary<string, Task<LoadAnswer>> Runs = new(StringComparer.Ordinal);
    private static readonly SemaphoreSlim Room = new(AtOnce);
    private static PipelineHost _host = null!;

    private static readonly string[] Faults =
    [
        "nothing", "drops", "doubles", "swaps", "doubles the content", "hides a loss", "changes a letter", "changes a time",
        "changes the user", "misdirects", "stalls", "closes", "does not resume", "sends binary", "sends no JSON", "refuses pages",
        "refuses publishers", "other number", "other status", "no status", "no JSON", "other types", "drops a receipt",
        "doubles a receipt", "swaps receipts", "rejects what it delivers", "forges a receipt", "ends publishing",
        "answers nothing", "answers no more",
    ];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:PingInterval", "00:00:01"), ("Netra:Connections:PingTimeout", "00:00:04")]);
        foreach (var fault in Faults)
        {
            Runs[fault] = RunAsync(fault);
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await Task.WhenAll(Runs.Values);
        await _host.DisposeAsync();
    }

    [Test]
    public async Task Stream_ProxyWithoutFault_FindsNothing() => (await Runs["nothing"]).ShouldBeClean();

    [TestCase("drops", "unexplained_gap", 1, User + "number 20 passed over without a gap, between 19 ")]
    [TestCase("drops", "lost", 1, User + "event 19, published .*, has a receipt with number 20 and did not come; number 20 passed over")]
    [TestCase("doubles", "duplicated", 1, User + "number 20 came again")]
    [TestCase("swaps", "reordered", 1, User + "number 20 came after 21")]
    [TestCase("doubles the content", "duplicated", 1, User + "number 21 has the content of event 19, which came")]
    [TestCase("doubles the content", "lost", 1, User + "event 20, ")]
    [TestCase("hides a loss", "lost", 1, User + "event 19, .* number 20 and did not come; a gap says Expired for 20 to 20")]
    [TestCase("changes a letter", "wrong_content", 1, User + "number 20 is not what was published: ")]
    [TestCase("changes a time", "wrong_content", 1, User + "number 20 has the content of event 19, but was due at ")]
    [TestCase("changes the user", "wrong_content", 1, User + "number 20 is another user's ")]
    [TestCase("changes the user", "lost", 1, User + "event 19, ")]
    [TestCase("misdirects", "wrong_content", 1, User + "number 20 is another user's .*load-[0-9a-f]+-0 n=19")]
    [TestCase("stalls", "stalled", 1, User + "nothing came for [0-9.]+ s, not even a ping; the last number was 19")]
    [TestCase("closes", "ended", 1, User + "the server closed with 776")]
    [TestCase("does not resume", "not_resumed", 1, User + "epoch [0-9a-f]+, number 19 was answered with epoch another, number ")]
    [TestCase("sends binary", "unreadable", 1, User + "what the server sent cannot be read: a frame of opcode 2")]
    [TestCase("sends no JSON", "unreadable", 1, User + "what the server sent cannot be read: ")]
    [TestCase("refuses pages", "refused", 3, User + "HTTP/1.1 503 Service Unavailable")]
    [TestCase("refuses publishers", "refused", 2, Publisher + "POST /v1/events: 503")]
    [TestCase("other number", "wrong_receipt", 2, User + "event 19 has number 1020 in its receipt and came as 20")]
    [TestCase("other status", "wrong_receipt", 1, User + "event 19 was answered by publisher 1 with .*delivered")]
    [TestCase("no status", "wrong_receipt", 1, User + "event 19 was answered by publisher 1 with {}")]
    [TestCase("no JSON", "wrong_receipt", 1, User + "event 19 was answered by publisher 1 with ")]
    [TestCase("other types", "wrong_receipt", 1, User + "event 19 was answered by publisher 1 with ")]
    [TestCase("drops a receipt", "wrong_receipt", 32, User + "event 19 has number 21 in its receipt and came as 20")]
    [TestCase("doubles a receipt", "wrong_receipt", AtLeastOne, TooMany)]
    [TestCase("swaps receipts", "wrong_receipt", 3, User + "event 20 has number 20 in its receipt and came as 21")]
    [TestCase("rejects what it delivers", "wrong_receipt", 1, User + "event 19 (was refused, and )?came as number 20")]
    [TestCase("forges a receipt", "lost", 1, User + "event 20, .* has a receipt with number 21 and did not come")]
    [TestCase("forges a receipt", "wrong_receipt", 1, User + "event 21 has number 21 in its receipt, the one before had 21")]
    [TestCase("ends publishing", "ended", 1, Publisher + "the publishing request was ended")]
    [TestCase("answers no more", "wrong_receipt", AtLeastOne, Publisher + "31 events have no receipt, the first is event 20 of load-")]
    [TestCase("answers nothing", "stalled", 2, Publisher + "no receipt has come for 8 s")]
    public async Task Stream_ServerWithAFault_IsFound(string fault, string kind, int count, string finding)
    {
        var answer = await Runs[fault];

        Assert.That(answer.ExitCode, Is.EqualTo(1));
        Assert.That(answer.Json.GetProperty("passed").GetBoolean(), Is.False);
        Assert.That(answer.Findings(kind), Has.Some.Matches<string>(told => Regex.IsMatch(told, "^" + finding)), answer.Json.ToString());
        Assert.That(answer.Found(kind), count == AtLeastOne ? Is.Positive : Is.EqualTo(count), answer.Json.ToString());
    }

    // What a fault must not be taken for.
    [TestCase("drops", "duplicated", "reordered", "wrong_content", "wrong_receipt")]
    [TestCase("doubles", "lost", "reordered", "unexplained_gap", "wrong_content", "wrong_receipt")]
    [TestCase("swaps", "lost", "duplicated", "wrong_content", "wrong_receipt")]
    [TestCase("hides a loss", "unexplained_gap", "duplicated", "reordered", "wrong_content", "wrong_receipt")]
    [TestCase("misdirects", "lost", "duplicated", "reordered", "unexplained_gap", "wrong_receipt")]
    [TestCase("closes", "lost", "duplicated", "reordered", "unexplained_gap", "wrong_receipt", "not_resumed", "stalled")]
    [TestCase("other number", "lost", "duplicated", "reordered", "unexplained_gap", "wrong_content")]
    [TestCase("rejects what it delivers", "lost", "duplicated", "reordered", "unexplained_gap", "wrong_content")]
    public async Task Stream_ServerWithAFault_IsTakenForNothingElse(string fault, params string[] kinds)
    {
        var answer = await Runs[fault];

        Assert.That(kinds.Select(answer.Found), Is.All.Zero, answer.Json.GetProperty("findings").ToString());
    }

    // Whose events have keys sends them again, and again, as long as it has patience.
    [Test]
    public async Task Chaos_ServerThatEndsEveryRequestUnanswered_IsGivenUpAndFound()
    {
        await using var proxy = new FaultyProxy(_host.Port, new ProxyFault("ends every request"));

        var answer = await LoadAnswer.RunAsync(
            "chaos", "--url", proxy.Url, "--users", "3", "--rate", "50", "--duration-s", "1", "--every-ms", "60000", "--patience-s", "3");

        Assert.That((answer.ExitCode, answer.Found("stalled")), Is.EqualTo((1, 2L)), answer.Json.GetProperty("findings").ToString());
    }

    private static async Task<LoadAnswer> RunAsync(string fault)
    {
        await Room.WaitAsync();
        try
        {
            await using var proxy = new FaultyProxy(_host.Port, new ProxyFault(fault));
            return await LoadAnswer.RunAsync(
                "stream", "--url", proxy.Url, "--users", "3", "--rate", "50", "--duration-s", "1", "--patience-s", "8");
        }
        finally
        {
            Room.Release();
        }
    }
}
