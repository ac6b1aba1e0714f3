using System.Net;
using System.Net.Sockets;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>The answers of a provider, and how they reach the outbox.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ChannelHttpTests
{
    [TestCase(200)]
    [TestCase(202)]
    [TestCase(204)]
    public async Task Post_Taken_Completes(int status)
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        provider.Answer(status);

        await http.PostAsync(PostTo(provider), CancellationToken.None);

        Assert.That(provider.Posts.Single().Target, Is.EqualTo("POST /services/T0/secret"));
        Assert.That(provider.Posts.Single().Headers["Content-Type"], Is.EqualTo("application/json"));
        Assert.That(provider.Posts.Single().Headers, Does.Not.ContainKey("traceparent"));
    }

    [TestCase(302, true)]
    [TestCase(400, true)]
    [TestCase(403, true)]
    [TestCase(404, true)]
    [TestCase(408, false)]
    [TestCase(410, true)]
    [TestCase(429, false)]
    [TestCase(500, false)]
    [TestCase(503, false)]
    public async Task Post_Refused_SaysWhetherAnotherTryMakesSenseAndWhy(int status, bool isPermanent)
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        provider.Answer(status, "no\nservice at /services/T0/secret");

        var failure = Assert.ThrowsAsync<NotificationFailedException>(() => http.PostAsync(PostTo(provider), CancellationToken.None))!;

        Assert.That(failure.IsPermanent, Is.EqualTo(isPermanent));
        Assert.That(failure.RetryAfter, Is.Null);
        Assert.That(
            failure.Message, Is.EqualTo($"the answer was {status}: no service at ***"), "what the provider says, but never the secret");
        Assert.That(provider.Posts, Has.Count.EqualTo(1), "only the outbox tries again");
    }

    [TestCase("100", 100)]
    [TestCase("date", 100)]
    [TestCase("1000000", 86_400)]
    [TestCase("soon", null)]
    public async Task Post_WantsToBeLeftAlone_SaysForHowLong(string retryAfter, int? seconds)
    {
        var time = new TestTimeProvider();
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http(time);
        provider.Answer(429, retryAfter: retryAfter == "date" ? time.GetUtcNow().AddSeconds(100).ToString("R") : retryAfter);

        var failure = Assert.ThrowsAsync<NotificationFailedException>(() => http.PostAsync(PostTo(provider), CancellationToken.None))!;

        Assert.That(failure.IsPermanent, Is.False);
        Assert.That(failure.RetryAfter?.TotalSeconds, seconds is null ? Is.Null : Is.EqualTo(seconds).Within(1));
    }

    [Test]
    public async Task Post_NothingIsAnswered_EndsWithTheCallersToken()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        var hanging = new TaskCompletionSource();
        provider.Answer(async context =>
        {
            hanging.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var timeout = new CancellationTokenSource();

        var posting = http.PostAsync(PostTo(provider), timeout.Token);
        await hanging.Task.WaitAsync(TestClient.Patience, TimeProvider.System);
        await timeout.CancelAsync();

        Assert.CatchAsync<OperationCanceledException>(() => posting);
    }

    [Test]
    public async Task Post_ConnectionBreaksOff_IsTransientAndNotSentAgain()
    {
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http();
        provider.Answer(static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        var failure = Assert.ThrowsAsync<NotificationFailedException>(() => http.PostAsync(PostTo(provider), CancellationToken.None))!;

        Assert.That(failure.IsPermanent, Is.False);
        Assert.That(provider.Posts, Has.Count.EqualTo(1), "nobody knows whether it was taken");
    }

    [Test]
    public void Post_NobodyListens_IsTransientAndSaysSoWithoutTheSecret()
    {
        using var closed = new ClosedPort();
        using var http = new ChannelHttp(TimeProvider.System);

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => http.PostAsync(new ChannelPost(new Uri(closed.Address, "/services/T0/secret"), [1]), CancellationToken.None))!;

        Assert.That(failure.IsPermanent, Is.False);
        Assert.That(failure.Message, Does.StartWith("nothing was answered").And.Not.Contain("secret"));
    }

    [Test]
    public async Task Post_SomebodyListensALittleLater_IsTakenByAQuickRetry()
    {
        var port = FreePort.Find();
        var time = new TestTimeProvider();
        using var http = new ChannelHttp(time);
        var posting = http.PostAsync(new ChannelPost(new Uri($"http://127.0.0.1:{port}/"), [1]), CancellationToken.None);
        await Eventually.BecomesTrueAsync(() => time.ActiveTimers > 0, "it waits for its next try");
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        time.Advance(TimeSpan.FromSeconds(1));
        using var peer = await listener.AcceptTcpClientAsync().WaitAsync(TestClient.Patience, TimeProvider.System);
        await peer.GetStream().WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray());

        await posting;
    }

    [Test]
    public async Task Post_CertificateOfAnotherRoot_IsNotSent()
    {
        await using var provider = await Provider.StartAsync();
        using var stranger = TestCertificate.Create();
        using var other = new ChannelHttp(TimeProvider.System, stranger);
        using var machine = new ChannelHttp(TimeProvider.System);

        foreach (var http in new[] { other, machine })
        {
            Assert.That(
                async () => await http.PostAsync(PostTo(provider), CancellationToken.None),
                Throws.InstanceOf<NotificationFailedException>().With.Message.Contains("certificate"));
        }

        Assert.That(provider.Posts, Is.Empty);
    }

    private static ChannelPost PostTo(Provider provider) => new(new Uri(provider.Address, "/services/T0/secret"), "{}"u8.ToArray());
}
