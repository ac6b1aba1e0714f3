using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Operators;
using Netra.Pipeline.Events;
using Netra.Pipeline.Monitoring.Operators;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Security.Operators;
using Netra.Pipeline.Server.Demo.Arithmetic;
using Netra.Pipeline.Server.Demo.Planning;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>What reads messages, events, bodies and stored rows.</summary>
internal static class MessageTargets
{
    private const string Event = """
        {"user_id":"ada","thread_id":"t1","run_id":"r1","type":"tool_completed","attempt":1,"idempotency_key":"k1",
         "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=b",
         "data":{"tool_name":"search","call_id":"c1","status":"ok","duration_ms":12.5,"result":{"a":[1,2,{"b":"ü"}]},"metadata":{}}}
        """;

    private static readonly AlertRules Rules = new();

    public static byte[][] ClientMessages { get; } =
    [
        .. new[]
        {
            """{"type":"ack","seq":57}""",
            """{"type":"pong","ts":1763784000123,"seq":3}""",
            """{"type":"replay","from":5,"to":57}""",
            """{"type":"chat_message","id":"m1","thread_id":"t1","content":"Wie geht's? \ud83d\ude00","data":{"a":[1,-2.5e3,null,true]}}""",
            """{"type":"cancel_run","id":"m2","thread_id":"t1","run_id":"r7"}""",
            """{"type":"answer","id":"m3","thread_id":"t1","run_id":"r7","request_id":"q1","value":{"yes":true}}""",
            """{"type":"authenticate","token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}""",
            """{"seq":1,"type":"anything","x":[[[{}]]]}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public static byte[][] Events { get; } =
    [
        .. new[]
        {
            Event,
            """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"agent_started","data":{"agent_name":"demo","lease_ms":60000}}""",
            """{"tenant_id":"acme","user_id":"ada","thread_id":"t1","run_id":"r1","type":"token","data":{"delta":"Hel"}}""",
            """{"user_id":"ada","thread_id":"t1","run_id":"r1","data":{"until":1763784000.5},"type":"waiting"}""",
            """{"type":"heartbeat","run_id":"r1","thread_id":"t1","user_id":"ada"}""",
            """
            {"user_id":"ada","thread_id":"t1","run_id":"r1","type":"run_waiting",
             "data":{"request_id":"q1","kind":"choice","prompt":"Which?","options":["a","b"],"until":1763784000}}
            """,
            """
            {"user_id":"ada","thread_id":"t1","run_id":"r1","type":"agent_failed",
             "data":{"agent_name":"demo","error":{"code":"x","message":"y"},"usage":{"input_tokens":1,"output_tokens":2}}}
            """,
            """{"user_id":"ada","thread_id":"t1","run_id":"","type":"custom","data":{"name":"title","value":"A title"}}""",
            """{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"thinking_delta","data":{"delta":"x","thought_id":"h1"}}""",
            """{"command_ack":"c-1"}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] ServerMessages =
    [
        .. new[]
        {
            """
            {"type":"welcome","connection_id":"c-9f2","user_id":"ada","epoch":"Zk3f","seq":57,"from":17,"resumed":true,
             "ping_interval_ms":15000,"ping_timeout_ms":10000,"ack_interval_ms":1000,"ack_every":64,"expires_in_ms":3540000}
            """,
            """
            {"type":"token","seq":58,"id":"0f3k7x9m2qwcb-58","thread_id":"t1","run_id":"r7","timestamp":1763784000.123456,
             "data":{"delta":"Hel"},"attempt":2,"redelivery":1}
            """,
            """{"type":"gap","from":1,"to":5,"cause":"expired","replay":false,"certain":false}""",
            """{"type":"error","code":"x","message":"y","severity":"error","timestamp":1.5,"data":{"count":3}}""",
            """{"type":"ping","ts":17}""", """{"type":"accepted","id":"m1","run_id":"r1","taken":true}""",
            """{"type":"reconnect","after_ms":100}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public static IEnumerable<FuzzTarget> All() =>
    [
        new("client messages", ClientMessages, ClientMessagePropertyTests.ReadAndForget),
        new("server messages", ServerMessages, static bytes => Refusing<ProtocolViolationException>(() => ServerMessageReader.Read(bytes))),
        new("published events", Events, ReadEvent),
        new("events that are too long", Events, static bytes => TooLongEventReader.Read(Pieces(bytes), string.Empty)),
        new("lines of events", [.. Events.Select(static line => (byte[])[.. line, (byte)'\n', .. Events[1], (byte)'\n'])], ReadLines),
        new("acknowledgements of commands", [Events[^1]], static bytes => CommandAck.TryRead(bytes)),
        new("stored events", [ServerMessages[1]], ReadStored),
        FuzzTarget.OfText("ids of events", ["0f3k7x9m2qwcb-58"], static text =>
            Assert.That(!EventDraft.TryParseId(text, out _, out var seq) || seq is > 0 and <= ProtocolConstants.MaxSeq, Is.True)),
        new("stored keys of runs", [RunKeys.Write([1, 2, 9_000_000_000, -5])], static bytes =>
            Refusing<InvalidDataException>(() => RunKeys.Read(bytes))),
        new("stored ranges", [RangeBlob.Write([new(1, 5), new(9, 9), new(70, 9_000_000_000)])], ReadRanges),
        Bodies("a key's body", """{"name":"ci","scopes":["publish","read"],"users":"team-*","expires_in_s":3600,"author":"ada"}""",
            static context => OperatorBody.AnswerAsync(
                context, SecurityJson.Default.KeyBody, static (body, check) => body.Read(check), static (_, _) => Done)),
        Bodies("a configuration of alerts", """
            {"version":1,"rules":[{"name":"failure_rate","enabled":true,"severity":"high","threshold":0.1,"for_s":5}],
             "escalation_policy":{
              "steps":[{"level":"operations","delay_s":0,"channels":["log"]}],"always_inform":[],"acknowledge_timeout_s":60},
             "silences":[{"rule":"failure_rate","labels":{"a":"b"},"comment":"c","author":"ada","ends_at":1763784000}]}
            """,
            static context => OperatorBody.AnswerAsync(
                context,
                AlertingJson.Default.ConfigurationDocument,
                static (body, check) => body.Read(check, Rules),
                static (_, _) => Done)),
        FuzzTarget.OfText("a calculation", ["(2+3)*4 - 7.5 / -3 ^ 2 % 5", "1e3 + .5"], Calculate),
        FuzzTarget.OfText("a question", ["Count slowly to 1000", "What is 2+3, and what time is it? Read README.md"], static text =>
            Assert.That(Planner.PlanFor(text).Steps, Has.Count.LessThanOrEqualTo(Planner.MaxSteps))) with
        {
            // Patterns that never go back keep a set of states; a question has no more than 4,000 characters.
            BytesPerByte = 10_000,
        },
    ];

    /// <summary>Takes a documented exception for a refusal.</summary>
    public static void Refusing<TException>(Action read)
        where TException : Exception
    {
        try
        {
            read();
        }
        catch (TException)
        {
            // As it is documented.
        }
    }

    /// <summary>The bytes in pieces of an odd length, as they come from a socket.</summary>
    public static ReadOnlySequence<byte> Pieces(byte[] bytes)
    {
        const int Piece = 13;
        if (bytes.Length <= Piece)
        {
            return new ReadOnlySequence<byte>(bytes);
        }

        var first = new Segment(bytes.AsMemory(0, Piece), null);
        var last = first;
        for (var start = Piece; start < bytes.Length; start += Piece)
        {
            last = new Segment(bytes.AsMemory(start, Math.Min(Piece, bytes.Length - start)), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static Task<IResult> Done => Task.FromResult<IResult>(Results.Ok());

    // What is taken goes into a text frame as it is: it must be JSON, UTF-8, and no deeper than a page reads.
    private static void ReadEvent(byte[] bytes)
    {
        using var read = PublishedEventReader.Read(bytes, previous: null);
        _ = read.Target.RefusalScope;
        if (read is { Malformed: null, Invalid: null, Sign: LifeSign.None, CommandAck: null })
        {
            using var data = JsonDocument.Parse(read.Data.Json, new JsonDocumentOptions { MaxDepth = ProtocolConstants.MaxDepth - 1 });
            Assert.That(data.RootElement.ValueKind, Is.EqualTo(JsonValueKind.Object));
            _ = data.RootElement.Clone().GetRawText();
            Assert.That(read.Data.Json.Span.IndexOfAny("\r\n"u8), Is.Negative, "white space is left between tokens");
        }
    }

    private static void ReadLines(byte[] bytes)
    {
        const int MaxLine = 700;
        var splitter = new LineSplitter(MaxLine);
        var lines = new List<byte[]?>();
        var buffer = ReadOnlySequence<byte>.Empty;
        var (begun, end) = (0, 0);
        while (true)
        {
            var isLast = end == bytes.Length;
            buffer = Pieces(bytes[begun..end]);
            LineState state;
            while ((state = splitter.TryRead(ref buffer, isLast, out var line)) != LineState.None)
            {
                lines.Add(state == LineState.TooLong ? null : line.ToArray());
            }

            begun = end - (int)buffer.Length;
            Assert.That(buffer.Length, Is.LessThanOrEqualTo(MaxLine), "more is kept than a line may have");
            if (isLast)
            {
                break;
            }

            end = Math.Min(end + 97, bytes.Length);
        }

        var parts = Encoding.Latin1.GetString(bytes).Split('\n');
        var wanted = parts[^1].Length == 0 ? parts[..^1] : parts;
        Assert.That(
            lines.Select(static line => line is null ? null : Encoding.Latin1.GetString(line)),
            Is.EqualTo(wanted.Select(static line => line.Length > MaxLine ? null : line)));
    }

    private static void ReadStored(byte[] bytes)
        => Refusing<JsonException>(() => EventEnvelope.Read([.. new byte[OwnerTag.Length], .. bytes]));

    private static void ReadRanges(byte[] bytes) => Refusing<InvalidDataException>(() =>
    {
        var (end, ascend) = (0L, true);
        foreach (var range in RangeBlob.Read(bytes))
        {
            ascend &= range.From > end && range.To >= range.From;
            end = range.To;
        }

        Assert.That(ascend, Is.True);
    });

    private static FuzzTarget Bodies(string name, string sample, Func<HttpContext, Task<IResult>> answer)
        => new(name, [Encoding.UTF8.GetBytes(sample)], async bytes =>
        {
            var context = new DefaultHttpContext();
            context.Request.ContentType = "application/json";
            context.Request.Body = new MemoryStream(bytes);
            await answer(context);
        });

    private static void Calculate(string text)
    {
        if (text.Length <= Calculator.MaxLength)
        {
            Refusing<CalculationException>(() => Calculator.Evaluate(text));
        }
        else
        {
            Assert.That(() => Calculator.Evaluate(text), Throws.TypeOf<CalculationException>());
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
