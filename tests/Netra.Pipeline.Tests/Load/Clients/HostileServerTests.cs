using System.Text;
using FsCheck;
using Netra.Pipeline.Load;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Pages;
using Netra.Pipeline.Load.Publishing;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Clients;

/// <summary>Whatever a server says, the load harness's pages and publishers end in findings, and never in an exception.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HostileServerTests
{
    private const string Welcome = """
        {"type":"welcome","connection_id":"c-1","user_id":"u","epoch":"e","seq":0,"from":0,"resumed":false,"ping_interval_ms":15000,
        "ping_timeout_ms":10000,"ack_interval_ms":1000,"ack_every":4}
        """;

    private static readonly string[] Tokens =
    [
        "1", "-1", "9223372036854775807", "1e400", "null", "\"\\ud800\"", "{}", "[]", "\"seq\"", "\"type\"", "}", "", "\0", "token", "true",
    ];

    [FsCheck.NUnit.Property(MaxTest = 100)]
    public async Task Page_MessagesThatAreNearlyRight_AreFindings(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var findings = new Findings();
        var run = new PageRun(new LoadTarget(new Uri("http://127.0.0.1:1"), LoadProtocol.Netra), findings) { Users = 1 };
        var stream = new PublishedStream("u", $"{run.Target.RunName}-0", 1, findings);
        var messages = new List<string> { Welcome };
        for (var seq = 1; seq < 20; seq++)
        {
            messages.Add(Event(stream, seq));
        }

        messages.Add("""{"type":"gap","from":30,"to":40,"cause":"server_restart","replay":false,"certain":false}""");
        messages.Add("""{"type":"ping","ts":17}""");
        var changed = random.Next(messages.Count);
        messages[changed] = Change(random, messages[changed]);
        using var peer = new ScriptedPeer();
        var page = new NetraPage(run, 0, 0, "u", stream);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        run.OnEnded = (_, _) => ended.TrySetResult();
        var serving = peer.ServeAsync(
            messages.Select(static text => RawFrame.Encode(RawFrame.Text, Encoding.UTF8.GetBytes(text), masked: false)));

        using var client = await WebSocketClient.ConnectAsync(new ClientAddress(peer.Url, "/"), page, 4 * 1024, CancellationToken.None);
        await Task.WhenAny(ended.Task, page.Opened).WaitAsync(TestClient.Patience);
        await Eventually.BecomesTrueAsync(() => client.HasEnded, "the connection has ended");
        await serving;
        page.Complete();

        Assert.That(findings.Kept.Select(static finding => finding.Detail), Has.All.Length.LessThan(1_000));
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public async Task Publisher_AnswersThatAreNearlyRight_AreFindings(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var findings = new Findings();
        var stream = new PublishedStream("u", "u", 1, findings);
        var target = new LoadTarget(new Uri("http://127.0.0.1:1"), LoadProtocol.Netra);
        var publisher = new AnsweredPublisher(new PublisherRun(target, findings) { Patience = TestClient.Patience });
        var right = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (var seq = 1; seq < 6; seq++)
        {
            var receipt = $$"""{"id":"u-{{seq}}","seq":{{seq}},"status":"queued"}""" + "\n";
            right += $"{receipt.Length:x}\r\n{receipt}\r\n";
        }

        var answer = new HttpAnswer(new MemoryStream(Encoding.UTF8.GetBytes(Change(random, right + "0\r\n\r\n"))));
        try
        {
            await answer.ReadHeaderAsync(CancellationToken.None);
            while (await answer.ReadLinesAsync(line => publisher.Answer(stream, line)))
            {
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            // Both are told: the first as unreadable, the second as an end.
        }

        Assert.That(findings.Kept.Select(static finding => finding.Kind), Is.All.EqualTo(FindingKind.WrongReceipt));
    }

    private static string Event(PublishedStream stream, int seq)
    {
        var text = new byte[EventText.Length];
        EventText.Write(text, stream.Name, stream.Publish(now: seq, due: seq), seq);
        var delta = Encoding.ASCII.GetString(text);
        return $$$"""
            {"seq":{{{seq}}},"id":"u-{{{seq}}}","type":"token","thread_id":"t1","run_id":"r","timestamp":1.5,"data":{"delta":"{{{delta}}}"}}
            """;
    }

    // A piece of it is cut out, doubled, moved, or is something else.
    private static string Change(Random random, string text)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(text.Length);
            var length = random.Next(1, Math.Min(12, text.Length - at) + 1);
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, text.Substring(at, length)),
                2 => text.Remove(at, length).Insert(at, Tokens[random.Next(Tokens.Length)]),
                _ => text.Insert(at, Tokens[random.Next(Tokens.Length)]),
            };
        }

        return text;
    }

    private sealed class AnsweredPublisher(PublisherRun shared) : EventPublisher("publisher 0", shared)
    {
        public void Answer(PublishedStream stream, ReadOnlySpan<byte> receipt)
        {
            if (!receipt.IsEmpty)
            {
                Take(new PublishedLine(stream, stream.Publish(now: 1, due: 1), 1, PublishedKind.Token), sentAt: 1, receipt);
            }
        }

        public override Task PublishAsync(IReadOnlyList<PublishedLine> lines, CancellationToken cancellationToken) => Task.CompletedTask;

        public override Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
