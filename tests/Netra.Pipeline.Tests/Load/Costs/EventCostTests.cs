namespace Netra.Pipeline.Tests.Load.Costs;

/// <summary>
/// What an event costs the whole server, from the emitter to the acknowledgement, in allocated bytes and in system calls: figures that no
/// machine's speed changes. bench/README.md has the bounds beside what was measured.
/// </summary>
[Platform("Linux")]
internal sealed class EventCostTests
{
    private const int Pages = 100;

    // As often as the protocol asks for it at 25 events a second.
    private const int AckEvery = 25;

    // Its array, to the next eight: a header of 24 bytes, an owner tag of 8, an envelope of 212 and more.
    private const int EventItself = 248;

    private MeasuredServer _server = null!;
    private AcknowledgingPage[] _pages = null!;

    [SetUp]
    public async Task StartAsync()
    {
        // Pages here answer no ping of the application, and nothing but events is to be counted.
        _server = await MeasuredServer.StartAsync("--Netra:Connections:PingInterval=00:10:00");
        _pages = await _server.OpenPagesAsync(Pages, AckEvery);

        // What is compiled, loaded and grown once belongs to no event.
        await _server.EmitAsync(_pages, 100);
    }

    [TearDown]
    public async Task StopAsync()
    {
        foreach (var page in _pages ?? [])
        {
            await page.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Test]
    public async Task Event_InBursts_AllocatesItselfAndLittleElse()
    {
        // Small enough that no queue fills or grows, and stored before the next one begins; many, since what observes the pipeline
        // allocates by time, and a slow machine must not be seen in the figure.
        const int Bursts = 10;
        const int Events = 100;
        var before = await _server.AllocatedAsync();

        for (var burst = 0; burst < Bursts; burst++)
        {
            await _server.EmitAsync(_pages, Events);
        }

        // Its own array; the rest is acknowledgements, batches, commits and the window's growth, in shares, and what the log is told beside
        // the event while it waits.
        var bytes = (await _server.AllocatedAsync() - before) / (double)(Bursts * Events * Pages);
        TestContext.Out.WriteLine($"{bytes:F0} bytes");
        Assert.That(bytes, Is.InRange(EventItself, 360));
    }

    [Test]
    public async Task Event_Paced_IsOneSendAndLittleElse()
    {
        const int Events = 100;
        const int Delivered = Events * Pages;
        const int Acks = Delivered / AckEvery;
        using var calls = await SystemCalls.CountAsync(_server.Id);

        await _server.EmitAsync(_pages, Events, interval: 40);

        var called = await calls.StopAsync();

        // On a slow machine more events share a send or a write, and calls become fewer: so these are upper bounds.
        using (Assert.EnterMultipleScope())
        {
            // One for each event; the rest is for the server's own checks, which come by time, and the answer to the test.
            Assert.That((called("sendto") + called("sendmsg")) / (double)Delivered, Is.AtMost(1.02), "sends");

            // What comes, and that nothing comes after it.
            Assert.That((called("recvfrom") + called("recvmsg")) / (double)Acks, Is.AtMost(2.4), "receives for an acknowledgement");
            Assert.That((called("epoll_wait") + called("epoll_pwait")) / (double)Acks, Is.AtMost(1.5), "waits for an acknowledgement");

            // A page of the log has some twelve events and takes two writes, and one more when it is checkpointed.
            Assert.That((called("pwrite64") + called("write")) / (double)Delivered, Is.AtMost(0.5), "writes to the log");

            // Waking a thread of the pool, and its going back to sleep.
            Assert.That(called("futex") / (double)Delivered, Is.AtMost(2), "waking threads");
        }
    }
}
