using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>How long a handshake may take, on injected time.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandshakeTimeTests
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    [TestCase("G")]
    [TestCase("GET /ws?user_id=slow HTTP/1.1\r\n")]
    [TestCase("GET /ws?user_id=slow HTTP/1.1\r\nHost: localhost\r\nConnection: Upgr")]
    public async Task Handshake_NotCompleteInTime_IsAnswered408(string begun)
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        var timers = time.ActiveTimers;
        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync(begun);

        await Eventually.BecomesTrueAsync(() => time.ActiveTimers > timers, "the server waits for the request");
        var answer = client.ReadResponseAsync();
        while (!answer.IsCompleted && time.Elapsed < TimeSpan.FromSeconds(120))
        {
            // However late it answers, it is not because of KeepAliveTimeout, which is not reached.
            time.Advance(Step);
            await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System));
        }

        var response = await answer;

        Assert.That((response!.Status, response.Code), Is.EqualTo((408, "handshake_timeout")));
        Assert.That(
            time.Elapsed, Is.InRange(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(129)), "RequestHeadersTimeout, not KeepAliveTimeout");
        Assert.That(await client.ReadToEndAsync(), Is.Zero);
        await AssertNothingHeldAsync(host, time, timers);
    }

    [Test]
    public async Task Connection_ThatSendsNothing_IsClosedWithoutAWordAfterKeepAliveTimeout()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        var timers = time.ActiveTimers;
        await using var client = await RawPeer.ConnectAsync(host.Port);

        Assert.That(await AdvanceUntilAsync(time, client.ReadToEndAsync()), Is.Zero);

        Assert.That(time.Elapsed, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(130)));
        await AssertNothingHeldAsync(host, time, timers);
    }

    [Test]
    public async Task Handshake_WithInfiniteLimits_IsTaken()
    {
        await using var host = await PipelineHost.StartAsync(kestrel: static options =>
        {
            options.Limits.KeepAliveTimeout = Timeout.InfiniteTimeSpan;
            options.Limits.RequestHeadersTimeout = Timeout.InfiniteTimeSpan;
            options.Listen(IPAddress.Loopback, 0, static listener => listener.UseNetraPipeline());
        });

        await using var client = await RawPeer.ConnectAsync(host.Port);
        await client.SendAsync("GET /ws?user_id=patient HTTP/1.1\r\n");
        await client.SendAsync(RawPeer.Handshake("patient")["GET /ws?user_id=patient HTTP/1.1\r\n".Length..]);

        Assert.That((await client.ReadResponseAsync())?.Status, Is.EqualTo(101));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Authenticator_NeverAnswers_IsCancelledAndTheHandshakeRefused(bool fastDoor)
    {
        var time = new TestTimeProvider();
        var asked = new TaskCompletionSource();
        var authenticator = new ScriptedAuthenticator(async (_, cancelled) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancelled);
            throw new InvalidOperationException("It waits forever.");
        });
        await using var host = await PipelineHost.StartAsync(
            b => b.Services.AddSingleton<IConnectionAuthenticator>(authenticator), time: time, map: Hello.Map);
        await using var client = await RawPeer.ConnectAsync(host.Port);
        if (!fastDoor)
        {
            await Hello.GetAsync(client);
        }

        await client.SendAsync(RawPeer.Handshake("ada"));
        await asked.Task.WaitAsync(TestClient.Patience);

        var response = await AdvanceUntilAsync(time, client.ReadResponseAsync());

        Assert.That((response!.Status, response.Code), Is.EqualTo((503, "admission_timeout")));
        Assert.That(response.Header("Retry-After"), Is.EqualTo("1"));
        Assert.That(time.Elapsed, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(10)));
        Assert.That(
            host.Logs.Logs.Count(static log => log.EventId.Id == EventIds.HandshakeFailed), Is.EqualTo(1), "the operator is told, once");
    }

    private static async Task<T> AdvanceUntilAsync<T>(TestTimeProvider time, Task<T> task)
    {
        await Eventually.BecomesTrueAsync(
            () =>
            {
                if (!task.IsCompleted)
                {
                    time.Advance(Step);
                }

                return task.IsCompleted;
            },
            "the server acts when its time has come");
        return await task;
    }

    private static async Task AssertNothingHeldAsync(PipelineHost host, TestTimeProvider time, int timers)
    {
        await Eventually.BecomesTrueAsync(() => time.ActiveTimers == timers, "the handshake's timer is gone");
        Assert.That(host.Connections.Count, Is.Zero);
        host.AssertNoErrors();
    }
}
