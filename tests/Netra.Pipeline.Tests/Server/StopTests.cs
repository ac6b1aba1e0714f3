using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>
/// The real server is told to stop while something holds on to it: it is gone in time, and its folder free. Alone, since
/// whatever runs beside it takes time from a server that is to stop in time.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class StopTests
{
    private static readonly TimeSpan WithoutRuns = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(3);

    // Measured before: 30 s.
    [Test]
    public async Task Stop_RequestsThatAreHalfSent_HoldNothing()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start("Development", folder.Argument);
        var port = await server.WhenReadyAsync();
        string[] halves =
        [
            "GET /liv",
            "GET /livez HTTP/1.1\r\nHost: localhost\r\n",
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"user",
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100\r\n\r\n{\"user",
            "PUT /monitoring/websocket/emergency/mode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
            RawPeer.Handshake("ada")[..80],
            "",
        ];
        var peers = new List<RawPeer>();
        foreach (var half in halves)
        {
            var peer = await RawPeer.ConnectAsync(port);
            await peer.SendAsync(half);
            peers.Add(peer);
        }

        await using var page = await RawPeer.OpenAsync(port, "ada");
        await StopWithinAsync(server, WithoutRuns);

        await folder.ShouldBeFreeAsync();
        foreach (var peer in peers)
        {
            await peer.DisposeAsync();
        }
    }

    // Runs that are published outlive the process.
    [Test]
    public async Task Stop_RunsThatArePublished_HoldNothingAndAreAnsweredToTheEnd()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start("Development", folder.Argument);
        var port = await server.WhenReadyAsync();
        var requests = new List<PublishLines>();
        for (var i = 0; i < 40; i++)
        {
            var lines = await PublishLines.OpenAsync(port);
            await lines.SendAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}""", $"u{i}"));
            requests.Add(lines);
        }

        await requests[0].ReadAsync();

        // All of them have come to it; their answers may be under way.
        using (var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience })
        {
            await Eventually.BecomesTrueAsync(
                async () => JsonElement.Parse(await http.GetStringAsync("/v1/ledger")).GetProperty("accepted").GetInt64() == requests.Count,
                "all requests have come");
        }

        await StopWithinAsync(server, WithoutRuns);

        Assert.That(await requests[0].ReadToEndAsync(), Is.Empty);
        Assert.That(requests[0].HasEnded, Is.True);
        foreach (var lines in requests.Skip(1))
        {
            Assert.That(
                (await lines.ReadToEndAsync()).Select(static answer => answer.GetProperty("status").GetString()),
                Is.EqualTo(new[] { "stored" }));
            Assert.That(lines.HasEnded, Is.True);
            await lines.DisposeAsync();
        }

        await requests[0].DisposeAsync();
        await folder.ShouldBeFreeAsync();
    }

    [Test]
    public async Task Stop_RunsOfAgents_HaveTheDrainTimeAndNoMore()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start("Development", folder.Argument, "--Netra:Hosting:DrainTimeout=00:00:02");
        var port = await server.WhenReadyAsync();
        var pages = new List<RawPeer>();
        for (var i = 0; i < 40; i++)
        {
            var page = await RawPeer.OpenAsync(port, $"ada-{i}");
            await page.SendAsync(
                RawFrame.Encode("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"Count slowly to 1000"}"""));
            pages.Add(page);
        }

        await pages[^1].ReadFrameAsync();
        await using var half = await RawPeer.ConnectAsync(port);
        await half.SendAsync(
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{");
        await server.SignalAsync("TERM");
        var begun = FairStopwatch.Start();
        await ShouldBecomeUnreadyAsync(port);
        Assert.That(begun.Fair, Is.LessThan(TimeSpan.FromSeconds(2)), "readiness is off at once");

        while (!(await pages[0].ReadFrameAsync())!.PayloadText.Contains(@"""reconnect""", StringComparison.Ordinal))
        {
        }

        Assert.That(begun.Fair, Is.LessThan(TimeSpan.FromSeconds(2)), "pages are asked at once");
        await server.WhenExitedAsync();

        Assert.That(begun.Fair, Is.LessThan(TimeSpan.FromSeconds(2) + AfterDrain), server.Output);
        Assert.That((await pages[0].ReadCloseAsync()).CloseStatus, Is.EqualTo(1012));
        Assert.That(server.Output, Does.Match("40 connections and [0-9]+ runs were open .* unacknowledged events are stored, 0 are lost"));
        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }

        await folder.ShouldBeFreeAsync();
    }

    // All that holds the stop at once: a run that does not end when it is cancelled, a request that does not come whole, and a collector
    // that takes connections and never answers.
    [TestCase("grpc")]
    [TestCase("http/protobuf")]
    public async Task Stop_AgentRequestAndCollectorThatHang_HaveThreeSecondsAfterTheDrainTogether(string protocol)
    {
        await using var folder = new ServerFolder();
        using var documents = new BlockingDocument();
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        await using var server = ServerProcess.Start(
            "Development",
            [("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{collector.LocalEndpoint}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)],
            folder.Argument,
            $"--Netra:Demo:DocumentsDirectory={documents.Folder}",
            $"--Netra:Hosting:DrainTimeout={DrainTimeout}");
        var port = await server.WhenReadyAsync();
        documents.Block();
        await using var page = await RawPeer.OpenAsync(port, "ada");
        await page.SendAsync(
            RawFrame.Encode($$"""{"type":"chat_message","id":"m1","thread_id":"t1","content":"Read {{BlockingDocument.Name}}"}"""));
        while (!(await page.ReadFrameAsync())!.PayloadText.Contains("tool_executing", StringComparison.Ordinal))
        {
        }

        await using var half = await RawPeer.ConnectAsync(port);
        await half.SendAsync(
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: application/json\r\n\r\n{");
        var begun = FairStopwatch.Start();

        await server.StopAsync();

        Assert.That(begun.Elapsed, Is.GreaterThanOrEqualTo(DrainTimeout), server.Output);
        Assert.That(begun.Fair, Is.LessThan(DrainTimeout + AfterDrain), server.Output);
        Assert.That(server.Output, Does.Contain("they are cancelled").And.Contain("connections whose requests did not end"));
        await folder.ShouldBeFreeAsync();
    }

    // Whoever started the server does not read what it says, and it says more than a pipe holds. Measured before: over 40 s.
    [Test]
    public async Task Stop_ConsoleThatNobodyReads_HoldsNothing()
    {
        await using var folder = new ServerFolder();
        var port = FreePort.Find();
        await using var server = ServerProcess.StartUnread(
            port, folder.Argument, "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft.AspNetCore=Trace");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        await Eventually.BecomesTrueAsync(() => IsReady(http), "the server is ready");
        for (var i = 0; i < 1500; i++)
        {
            using var answer = await http.GetAsync("/livez");
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        await StopWithinAsync(server, WithoutRuns);

        await folder.ShouldBeFreeAsync();
    }

    [TestCase("TERM")]
    [TestCase("INT")]
    public async Task Stop_ASecondSignal_ChangesNothing(string signal)
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.Start("Development", folder.Argument);
        var port = await server.WhenReadyAsync();
        await using var page = await RawPeer.OpenAsync(port, "ada");
        var begun = FairStopwatch.Start();

        await server.SignalAsync(signal);
        await server.SignalAsync(signal);
        var (exitCode, output) = await server.WhenExitedAsync();

        Assert.That(exitCode, Is.Zero, output);
        Assert.That(begun.Fair, Is.LessThan(WithoutRuns));
        Assert.That((await page.ReadCloseAsync()).CloseStatus, Is.EqualTo(1012));
        await folder.ShouldBeFreeAsync();
    }

    private static async Task StopWithinAsync(ServerProcess server, TimeSpan limit)
    {
        var begun = FairStopwatch.Start();
        await server.StopAsync();
        Assert.That(begun.Fair, Is.LessThan(limit), server.Output);
    }

    private static async Task ShouldBecomeUnreadyAsync(int port)
    {
        await using var probe = await RawPeer.ConnectAsync(port);
        for (var status = 200; status == 200;)
        {
            await probe.SendAsync("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            status = (await probe.ReadResponseAsync())!.Status;
        }
    }

    private static bool IsReady(HttpClient http)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
            using var answer = http.Send(request);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
