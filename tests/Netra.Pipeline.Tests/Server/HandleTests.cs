using System.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>The real server with few file handles: what is there goes on, and nothing ends it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandleTests
{
    [TestCase(100)]
    [TestCase(250)]
    [TestCase(449)]
    public async Task Start_WithTooFewHandles_SaysHowManyItNeeds(int handles)
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.StartWithHandles(handles, folder.Argument);

        var (exitCode, output) = await server.WhenExitedAsync();

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain($"may open {handles} files").And.Contain("450").And.Contain("ulimit -n"));
    }

    // Measured before: the runtime ended the process in 11 of 15 runs, and the others spun a core.
    [Test]
    public async Task Connections_SilentAndMoreThanThereAreHandles_HarmNobody()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.StartWithHandles(1000, folder.Argument);
        var port = await server.WhenReadyAsync();
        await using var page = await RawPeer.OpenAsync(port, "ada");
        await using var publisher = await PublishLines.OpenAsync(port);
        var silent = new List<RawPeer>();
        for (var i = 0; i < 1200; i++)
        {
            if (await RawPeer.TryConnectAsync(port) is { } peer)
            {
                silent.Add(peer);
            }
        }

        // Who was there is served.
        await publisher.SendAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}"""));
        Assert.That((await publisher.ReadAsync())!.Value.GetProperty("status").GetString(), Is.EqualTo("queued"));
        Assert.That(await ReadTextAsync(page), Does.Contain("agent_started"));

        // Nothing spins.
        var before = server.ProcessorTime;
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Assert.That(server.ProcessorTime - before, Is.LessThan(TimeSpan.FromSeconds(1.5)));

        // Whoever says something gets the place of whoever has been silent for 5 s.
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);
        var begun = TimeProvider.System.GetTimestamp();
        var newcomers = new List<RawPeer>();
        for (var i = 0; i < 50; i++)
        {
            newcomers.Add(await RawPeer.OpenAsync(port, $"new-{i}"));
        }

        Assert.That(TimeProvider.System.GetElapsedTime(begun), Is.LessThan(TimeSpan.FromSeconds(15)));
        foreach (var peer in silent.Concat(newcomers))
        {
            await peer.DisposeAsync();
        }

        await server.StopAsync();
        Assert.That(server.Output, Does.Contain("connections were closed without an answer").And.Not.Contain("Out of memory"));
    }

    // Something else in the process holds them: nobody is accepted, and nothing spins, until there are any.
    [Test]
    [Explicit("Below what it has open already, the runtime itself may end the process, when it loads what it has not needed before; the reserve of handles keeps a server from there.")]
    public async Task Handles_GoneForAnotherReason_AreWaitedFor()
    {
        await using var folder = new ServerFolder();
        await using var server = ServerProcess.StartWithHandles(2000, folder.Argument);
        var port = await server.WhenReadyAsync();
        await using var page = await RawPeer.OpenAsync(port, "ada");
        await using var publisher = await PublishLines.OpenAsync(port);
        await publisher.SendAsync(PublishExtensions.EventJson("agent_started", """{"agent_name":"a"}"""));
        await publisher.ReadAsync();
        await ReadTextAsync(page);

        // Whatever is loaded for a token is loaded.
        await publisher.SendAsync(PublishExtensions.TokenJson("a"));
        await publisher.ReadAsync();
        await ReadTextAsync(page);

        // The limit is on the numbers of handles, and the lowest ones are held from the start, without a gap.
        await LimitAsync(server, 50);
        await using var waiting = await RawPeer.ConnectAsync(port);
        await waiting.SendAsync(RawPeer.Handshake("grace"));
        await Eventually.BecomesTrueAsync(() => server.Output.Contains("No file handle is free", StringComparison.Ordinal), "the server notices");

        var before = server.ProcessorTime;
        await publisher.SendAsync(PublishExtensions.TokenJson("b"));
        Assert.That((await publisher.ReadAsync())!.Value.GetProperty("status").GetString(), Is.EqualTo("queued"));
        Assert.That(await ReadTextAsync(page), Does.Contain("token"));
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Assert.That(server.ProcessorTime - before, Is.LessThan(TimeSpan.FromSeconds(1.5)));

        await LimitAsync(server, 2000);

        Assert.That((await waiting.ReadResponseAsync())!.Status, Is.EqualTo(101), "whoever came meanwhile was kept by the kernel");
        await server.StopAsync();
    }

    private static async Task<string> ReadTextAsync(RawPeer page)
    {
        while (true)
        {
            var frame = (await page.ReadFrameAsync())!;
            if (frame.Opcode == RawFrame.Text && !frame.PayloadText.Contains("\"ping\"", StringComparison.Ordinal))
            {
                return frame.PayloadText;
            }
        }
    }

    // The soft limit alone: the hard one may not be raised again.
    private static async Task LimitAsync(ServerProcess server, int handles)
    {
        using var prlimit = Process.Start("prlimit", ["--pid", $"{server.Id}", $"--nofile={handles}:"]);
        await prlimit.WaitForExitAsync();
        Assert.That(prlimit.ExitCode, Is.Zero);
    }
}
