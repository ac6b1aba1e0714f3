using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Connections;

/// <summary>Events in, frames out (docs/protocol.md, section 3.3).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FrameJoinerTests
{
    private const string Trace = ",\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"";

    private static readonly byte[] Key = EventDraft.KeyOf(77);

    private static readonly string[][] Apart =
    [
        ["another thread", Token("a"), Token("b", thread: "t2")],
        ["another run", Token("a"), Token("b", run: "r2")],
        ["another attempt", Token("a"), Token("b", attempt: ",\"attempt\":2")],
        ["attempts that begin alike", Token("a", attempt: ",\"attempt\":2"), Token("b", attempt: ",\"attempt\":22")],
        ["another type", Token("a"), Thought("b")],
        ["another thought", Thought("a"), Thought("b", id: "k2")],
        ["a thought in another order", Thought("a"), ThoughtFirst("b")],
        ["more data", Token("a"), Body("token", """{"delta":"b","more":1}""")],
        ["more data in both", Body("token", """{"delta":"a","more":1}"""), Body("token", """{"delta":"b","more":1}""")],
        ["data in front", Body("token", """{"more":1,"delta":"a"}"""), Body("token", """{"more":1,"delta":"b"}""")],
        ["another spelling", Body("token", """{"d\u0065lta":"a"}"""), Body("token", """{"d\u0065lta":"b"}""")],
        ["a dead letter sent again", Token("a"), Token("b", tail: ",\"replay_of\":\"x-1\"")],
        ["two dead letters", Token("a", tail: Trace + ",\"replay_of\":\"x-1\""), Token("b", tail: Trace + ",\"replay_of\":\"x-1\"")],
        ["what the envelope does not have", Token("a", attempt: ",\"more\":2"), Token("b", attempt: ",\"more\":2")],
        ["custom", Body("custom", """{"name":"delta","value":1}"""), Body("custom", """{"name":"delta","value":1}""")],
        ["a thought without an id", Body("thinking_delta", """{"delta":"a"}"""), Body("thinking_delta", """{"delta":"b"}""")],
        ["a token with an id", Body("token", """{"delta":"a","thought_id":"k"}"""), Body("token", """{"delta":"b","thought_id":"k"}""")],
    ];

    [Test]
    public void Join_Tokens_IsOneFrameWithTheLastOnesHeadAndAllTexts()
    {
        var frames = Join(At(58, Token("Hel", tail: Trace)), At(59, Token("lo,")), At(60, Token(" \\\"w\\\"", time: "1763784001.500000")));

        Assert.That(Texts(frames), Is.EqualTo(new[]
        {
            """{"from_seq":58,"seq":60,"id":"000000000002d-60","type":"token","thread_id":"t1","run_id":"r7","""
            + """
              "timestamp":1763784001.500000,"data":{"delta":"Hello, \"w\""}}
              """,
        }));
        Assert.That((frames[0].Seq, frames[0].Kind), Is.EqualTo((60L, SendFrameKind.Event)));
        Assert.That(OwnerTag.Read(frames[0].Buffer), Is.EqualTo(OwnerTag.Of("ada")));
    }

    [TestCase(",\"attempt\":2", "")]
    [TestCase("", Trace)]
    [TestCase("", Trace + ",\"tracestate\":\"a=\\\"1\\\"\"")]
    public void Join_ThoughtsOverADigitMore_AreOne(string attempt, string tail)
    {
        foreach (var make in new[] { Thought, ThoughtFirst })
        {
            var one = Read(Join(At(99, make(@"a\\", "k", attempt, tail)), At(100, make(@"\n", "k", attempt, string.Empty))).Single());

            Assert.That((one.FromSeq, one.Seq, one.Type), Is.EqualTo((99L, 100L, "thinking_delta")));
            Assert.That(one.Data.GetRawText(), Does.Contain("\"k\"").And.Contain("""
                "a\\\n"
                """));
        }
    }

    [TestCaseSource(nameof(Apart))]
    public void Join_WhatDoesNotBelongTogether_StaysApart(string why, string first, string second)
    {
        SendFrame[] events = [At(1, first), At(2, second)];

        Assert.That(Join(events), Is.EqualTo(events), why);
    }

    [Test]
    public void Join_NumbersThatAreNotConsecutive_StaysApart()
    {
        SendFrame[] events = [At(1, Token("a")), At(3, Token("b")), At(3, Token("c"))];

        Assert.That(Join(events), Is.EqualTo(events));
    }

    [Test]
    public void Join_RedeliveryOrMessageBetween_StaysApart()
    {
        SendFrame[] events =
        [
            At(1, Token("a")),
            At(1, Token("a")).AsRedelivery(1),
            At(2, Token("b")),
            SendFrame.ForMessage(ServerMessageWriter.Gap(new GapMessage(3, 3, GapCause.Expired, Replay: false, Certain: true)), 3),
            At(4, Token("c")),
        ];

        Assert.That(Join(events), Is.EqualTo(events));
    }

    [Test]
    public void Join_ReplayedAndLive_StaysApart()
    {
        SendFrame[] events =
        [
            At(1, Token("a")),
            SendFrame.ForLiveEvent(2, At(2, Token("b")).Buffer, 5),
            SendFrame.ForLiveEvent(3, At(3, Token("c")).Buffer, 6),
        ];

        var frames = Join(events);

        Assert.That(frames.Select(static frame => (frame.Seq, frame.AcceptedAt)), Is.EqualTo(new[] { (1L, 0L), (3L, 5L) }));
    }

    [Test]
    public void Join_MoreThan64KiB_BeginsAnotherFrame()
    {
        var piece = new string('x', 1000);
        var frames = Join([.. Enumerable.Range(1, 140).Select(seq => At(seq, Token(piece)))]);

        Assert.That(
            frames.Select(static frame => Read(frame).Data.GetProperty("delta").GetString()!.Length),
            Is.EqualTo(new[] { 65_000, 65_000, 10_000 }));
    }

    [Test]
    public void Join_TextThatIsTooLongAlone_IsAFrameAsItWas()
    {
        SendFrame[] events = [At(1, Token(new string('x', 70_000))), At(2, Token("a"))];

        Assert.That(Join(events), Is.EqualTo(events));
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Join_AnyEvents_ExpandToTheSameTextsAndNumbers(DoNotSize<int> seed, NonNull<string>[] texts)
    {
        var random = new Random(seed.Item);
        var seq = random.NextInt64(1, 1200);
        var events = new List<SendFrame>();
        foreach (var text in texts)
        {
            var escaped = Escape(Protocol.Arbitrary.Text(text.Get), random);
            var body = random.Next(8) switch
            {
                0 => Thought(escaped, id: $"k{random.Next(2)}"),
                1 => Token(escaped, run: "r8"),
                2 => Token(escaped, tail: Trace),
                3 when random.Next(4) == 0 => Body("custom", $$"""{"name":"{{escaped}}","value":1}"""),
                _ => Token(escaped),
            };
            events.Add(At(seq, body));
            seq += random.Next(9) == 0 ? 2 : 1;
        }

        var frames = Join([.. events]);

        Assert.That(frames.SelectMany(Numbers), Is.EqualTo(events.Select(static e => e.Seq)));
        Assert.That(ReadAll(frames), Is.EqualTo(ReadAll(events)));
    }

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public void Join_DamagedEvents_NeverThrowsOrInvents(DoNotSize<int> seed)
    {
        var first = At(1, Token("a\\\"b", tail: Trace));
        var second = At(2, Thought("c"));
        foreach (var events in new SendFrame[][]
        {
            [first, Damaged(second)], [Damaged(first), At(2, Token("c"))], [At(1, Thought("x")), Damaged(second)],
        })
        {
            Assert.That(Join(events).SelectMany(Numbers), Is.EqualTo(new[] { 1L, 2L }));
        }

        SendFrame Damaged(SendFrame frame)
            => SendFrame.ForEvent(frame.Seq, [.. frame.Buffer.AsSpan(0, 8), .. Protocol.Arbitrary.Mutated(frame.Payload.ToArray(), seed)]);
    }

    private static EventMessage Read(SendFrame frame) => (EventMessage)ServerMessageReader.Read(frame.Payload.Span);

    // Joined texts of one run and kind, in order, whatever frames they came in.
    private static List<(string Kind, string Text)> ReadAll(IEnumerable<SendFrame> frames)
    {
        var all = new List<(string Kind, string Text)>();
        foreach (var frame in frames)
        {
            var message = Read(frame);
            var kind = message.Data.TryGetProperty("thought_id", out var id) ? message.Type + id : message.Type + message.RunId;
            var text = message.EventType == EventType.Custom
                ? message.Data.GetRawText()
                : message.Data.GetProperty("delta").GetString()!;
            if (all.Count > 0 && all[^1].Kind == kind && message.EventType != EventType.Custom)
            {
                all[^1] = (kind, all[^1].Text + text);
            }
            else
            {
                all.Add((kind, text));
            }
        }

        return all;
    }

    private static IEnumerable<long> Numbers(SendFrame frame)
    {
        var text = Encoding.UTF8.GetString(frame.Payload.Span);
        var from = text.StartsWith("{\"from_seq\":", StringComparison.Ordinal)
            ? long.Parse(text[12..text.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)
            : frame.Seq;
        for (var seq = from; seq <= frame.Seq; seq++)
        {
            yield return seq;
        }
    }

    // As the writer does.
    private static List<SendFrame> Join(params SendFrame[] events)
    {
        var joiner = new FrameJoiner(window: null);
        var frames = new List<SendFrame>();
        foreach (var frame in events)
        {
            if (joiner.TryAdd(frame))
            {
                continue;
            }

            if (joiner.Count > 0)
            {
                frames.Add(joiner.Take());
            }

            if (!joiner.TryAdd(frame))
            {
                frames.Add(frame);
            }
        }

        if (joiner.Count > 0)
        {
            frames.Add(joiner.Take());
        }

        return frames;
    }

    private static IEnumerable<string> Texts(IEnumerable<SendFrame> frames)
        => frames.Select(static frame => Encoding.UTF8.GetString(frame.Payload.Span));

    private static SendFrame At(long seq, string body)
    {
        var draft = new EventDraft(EventType.Token, DateTimeOffset.UnixEpoch, OwnerTag.Of("ada"), Encoding.UTF8.GetBytes(body), seq);
        return SendFrame.ForEvent(seq, draft.Complete(Key, seq));
    }

    private static string Escape(string text, Random random) => random.Next(2) == 0
        ? JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString()
        : JsonEncodedText.Encode(text).ToString();

    private static string Token(
        string text, string thread = "t1", string run = "r7", string attempt = "", string tail = "", string time = "1763784000.123456")
        => Body("token", $$"""{"delta":"{{text}}"}""", thread, run, attempt, tail, time);

    private static string Thought(string text, string id = "k", string attempt = "", string tail = "")
        => Body("thinking_delta", $$"""{"delta":"{{text}}","thought_id":"{{id}}"}""", attempt: attempt, tail: tail);

    private static string ThoughtFirst(string text, string id = "k", string attempt = "", string tail = "")
        => Body("thinking_delta", $$"""{"thought_id":"{{id}}","delta":"{{text}}"}""", attempt: attempt, tail: tail);

    private static string Body(
        string type, string data, string thread = "t1", string run = "r7", string attempt = "", string tail = "", string time = "1.5")
        => $$"""
            "type":"{{type}}","thread_id":"{{thread}}","run_id":"{{run}}"{{attempt}},"timestamp":{{time}},"data":{{data}}{{tail}}}
            """;
}
