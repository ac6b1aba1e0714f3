using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>Spec D7: the fallback channel for the backend's owner, against a real receiver.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class WebhookTests
{
    [Test]
    public void Sign_ExampleOfTheSpecification_IsItsSignature()
    {
        // From the documentation of Standard Webhooks.
        var signature = new WebhookSignature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

        Assert.That(
            signature.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"u8),
            Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    [Test]
    public async Task DeadLetters_ReceiverTakesThem_ArePostedSignedInOrderAndOnce()
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(settings: receiver.Settings, time: time);
        await DeadLetters.MakeAsync(host, "ada", 3);

        await PassAsync(host, time, 7);
        await HasAsync(host, 3, WebhookState.Delivered);
        await PassAsync(host, time, 30);

        var posts = receiver.Posts;
        Assert.That(posts.Select(static p => p.Id), Is.EqualTo(new[] { "dl_1", "dl_2", "dl_3" }));
        Assert.That(posts.Select(static p => p.Target), Is.All.EqualTo("POST /hooks/netra?tenant=7"));
        Assert.That(posts.Select(static p => p.Signature), Is.EqualTo(posts.Select(static p => p.Expected(WebhookReceiver.Secret))));
        Assert.That(
            posts.Select(static p => p.Timestamp),
            Is.All.InRange(TestTimeProvider.Start.ToUnixTimeSeconds(), time.GetUtcNow().ToUnixTimeSeconds()));
        Assert.That(posts[1].ContentType, Is.EqualTo("application/json"));
        var letter = posts[1].Json;
        Assert.That(
            letter.EnumerateObject().Select(static member => member.Name),
            Is.EquivalentTo(new[]
            {
                "type", "timestamp", "dead_letter_id", "event_id", "user_id", "seq", "cause", "attempts", "dead_at", "state", "webhook",
                "event"
            }));
        Assert.That(
            (
                letter.GetProperty("type").GetString(),
                letter.GetProperty("dead_letter_id").GetInt64(),
                letter.GetProperty("user_id").GetString(),
                letter.GetProperty("seq").GetInt64()),
            Is.EqualTo(("dead_letter", 2, "ada", 2)));
        Assert.That(
            (
                letter.GetProperty("cause").GetString(),
                letter.GetProperty("attempts").GetInt32(),
                letter.GetProperty("state").GetString(),
                letter.GetProperty("webhook").GetString()),
            Is.EqualTo(("unconfirmed", 4, "waiting", "waiting")));
        Assert.That(letter.GetProperty("event").GetProperty("id").GetString(), Is.EqualTo(letter.GetProperty("event_id").GetString()));
        Assert.That(letter.GetProperty("event").GetProperty("data").GetProperty("thought").GetString(), Is.EqualTo("thought 1"));
        Assert.That(host.Failures.Total, Is.Zero);
    }

    [TestCase(400)]
    [TestCase(302)]
    [TestCase(500)]
    public async Task DeadLetter_ReceiverDoesNotTakeIt_IsPostedAgainWithTheSameIdAfterGrowingPauses(int status)
    {
        var time = new TestTimeProvider();
        await using var elsewhere = await WebhookReceiver.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(settings: receiver.Settings, time: time);
        for (var i = 0; i < 3; i++)
        {
            receiver.Answer(status, location: elsewhere.Url.ToString());
        }

        await DeadLetters.MakeAsync(host, "ada", 1);
        var at = new List<double>();
        for (var second = 0; second < 60 && at.Count < 4; second++)
        {
            await PassAsync(host, time, 1);
            if (receiver.Posts.Count > at.Count)
            {
                at.Add(time.Elapsed.TotalSeconds);
            }
        }

        await HasAsync(host, 1, WebhookState.Delivered);
        Assert.That(at, Has.Count.EqualTo(4));
        Assert.That(at[1] - at[0], Is.InRange(4, 7));
        Assert.That(at[2] - at[1], Is.InRange(8, 13));
        Assert.That(at[3] - at[2], Is.InRange(16, 25));
        Assert.That(receiver.Posts.Select(static p => p.Id), Is.All.EqualTo("dl_1"));
        Assert.That(
            receiver.Posts.Select(static p => p.Timestamp), Is.Ordered.And.Unique, "signed anew, so that an old one can be refused");
        Assert.That(receiver.Posts.Select(static p => p.Body), Is.All.EqualTo(receiver.Posts[0].Body));
        Assert.That(elsewhere.Posts, Is.Empty);
        Assert.That(host.Failures.Total, Is.Zero);
    }

    [TestCase("100")]
    [TestCase("date")]
    public async Task DeadLetter_ReceiverWantsToBeLeftAlone_IsLeftAloneForSoLong(string retryAfter)
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(settings: receiver.Settings, time: time);
        receiver.Answer(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = retryAfter == "date" ? time.GetUtcNow().AddSeconds(100).ToString("R") : retryAfter;
            return Task.CompletedTask;
        });
        await DeadLetters.MakeAsync(host, "ada", 2);
        await PassAsync(host, time, 7);
        await Eventually.BecomesTrueAsync(() => receiver.Posts.Count == 1, "the first was posted");

        await PassAsync(host, time, 90);
        Assert.That(receiver.Posts, Has.Count.EqualTo(1), "nor is it bothered with another");

        await PassAsync(host, time, 15);
        await HasAsync(host, 2, WebhookState.Delivered);
        Assert.That(receiver.Posts.Select(static p => p.Id), Is.EqualTo(new[] { "dl_1", "dl_1", "dl_2" }));
    }

    [Test]
    public async Task DeadLetters_OneIsRefused_DoesNotHoldUpTheOthers()
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(settings: receiver.Settings, time: time);
        receiver.Answer(422);
        await DeadLetters.MakeAsync(host, "ada", 3);

        await PassAsync(host, time, 2);
        await HasAsync(host, 2, WebhookState.Delivered);
        await PassAsync(host, time, 7);
        await HasAsync(host, 3, WebhookState.Delivered);

        Assert.That(receiver.Posts.Select(static p => p.Id), Is.EqualTo(new[] { "dl_1", "dl_2", "dl_3", "dl_1" }));
    }

    [Test]
    public async Task DeadLetter_ReceiverClosesOrHangs_IsPostedAgain()
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(settings: receiver.Settings, time: time);
        var hanging = new TaskCompletionSource();
        receiver.Answer(static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        receiver.Answer(async context =>
        {
            hanging.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        await DeadLetters.MakeAsync(host, "ada", 1);

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await host.StepAsync(time, 1);
                return receiver.Posts.Count >= 3;
            },
            "it was posted until it was taken");
        await HasAsync(host, 1, WebhookState.Delivered);
        Assert.That(hanging.Task.IsCompleted, Is.True);
    }

    [Test]
    public async Task DeadLetters_NeverTaken_FailAfterTheLastTryAndAreReportedTogether()
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(
            settings: [.. receiver.Settings, ("Netra:Delivery:Webhook:Tries", "2"), ("Netra:Delivery:Webhook:FirstRetry", "00:00:05")],
            time: time);
        for (var i = 0; i < 10; i++)
        {
            receiver.Answer(410);
        }

        await DeadLetters.MakeAsync(host, "ada", 5);
        for (var i = 0; i < 20; i++)
        {
            await PassAsync(host, time, 1);
        }

        await HasAsync(host, 5, WebhookState.Failed);
        await PassAsync(host, time, 61);
        await Eventually.BecomesTrueAsync(() => host.Failures.Total == 2, "the rest was told together");

        var failures = host.Failures.Latest(10);
        Assert.That(failures.Select(static f => f.Code), Is.All.EqualTo(FailureCode.WebhookFailed));
        Assert.That(failures.Sum(static f => f.Numbers["count"]), Is.EqualTo(5));
        Assert.That(failures[0].Message, Does.Contain("posted 2 times (Netra:Delivery:Webhook:Tries): the receiver answered 410"));
        Assert.That(failures[0].Message, Does.Not.Contain("tenant"), "a URL may hold a secret");
        Assert.That(receiver.Posts, Has.Count.EqualTo(10));
    }

    [Test]
    public async Task DeadLetter_LogCannotRecordThatItWasTaken_IsNotPostedAgain()
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<TroubledLog>(), receiver.Settings, time);
        var log = (TroubledLog)host.Services.GetRequiredService<IEventLog>();
        await DeadLetters.MakeAsync(host, "ada", 2);
        log.Fault = new IOException("the disk is gone");
        await PassAsync(host, time, 12);
        await Eventually.BecomesTrueAsync(() => receiver.Posts.Count == 1, "the first was posted");
        await Eventually.BecomesTrueAsync(
            () => host.Failures.Latest(100).Any(static f => f.Code == FailureCode.BackgroundFailed), "it was told");

        log.Fault = null;
        await PassAsync(host, time, 3);
        await HasAsync(host, 2, WebhookState.Delivered);
        Assert.That(receiver.Posts.Select(static p => p.Id), Is.EqualTo(new[] { "dl_1", "dl_2" }));
    }

    [Test]
    public async Task DeadLetters_MoreThanOnePage_AllArrive()
    {
        var time = new TestTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var host = await PipelineHost.StartAsync(settings: receiver.Settings, time: time);
        await DeadLetters.MakeAsync(host, "ada", 250);

        await PassAsync(host, time, 7);
        await HasAsync(host, 250, WebhookState.Delivered);

        Assert.That(receiver.Posts.Select(static p => p.Id), Is.EqualTo(Enumerable.Range(1, 250).Select(static i => $"dl_{i}")));
    }

    [Test]
    public async Task DeadLetters_NoWebhook_StayAsTheyAre()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(time: time);
        await DeadLetters.MakeAsync(host, "ada", 1);

        await PassAsync(host, time, 20);

        await HasAsync(host, 1, WebhookState.Waiting);
    }

    /// <summary>Lets seconds pass; in each the webhook's loop does its round to the end.</summary>
    [Test]
    public async Task DeadLetters_ReceiverOfACertificateThatIsNotTrusted_FailAndTheReasonSaysSo()
    {
        var time = new TestTimeProvider();
        await using var receiver = await Provider.StartAsync();
        await using var host = await PipelineHost.StartAsync(
            settings:
            [
                ("Netra:Delivery:Webhook:Url", receiver.Address.ToString()),
                ("Netra:Delivery:Webhook:Secret", WebhookReceiver.Secret),
                ("Netra:Delivery:Webhook:Tries", "1"),
            ],
            time: time);
        await DeadLetters.MakeAsync(host, "ada", 1);

        await PassAsync(host, time, 7);
        await HasAsync(host, 1, WebhookState.Failed);
        await PassAsync(host, time, 2);

        Assert.That(host.Failures.Latest(10).Select(static failure => failure.Message), Has.Some.Contains("certificate"));
        Assert.That(receiver.Posts, Is.Empty);
    }

    private static async Task PassAsync(PipelineHost host, TestTimeProvider time, int seconds)
    {
        var outbox = host.Services.GetRequiredService<WebhookOutbox>();
        for (var i = 0; i < seconds; i++)
        {
            var before = outbox.Rounds;
            await host.StepAsync(time, 1);
            await Eventually.BecomesTrueAsync(() => outbox.Rounds > before, "the round was done");
        }
    }

    private static Task HasAsync(PipelineHost host, int count, WebhookState state)
    {
        var store = host.Services.GetRequiredService<IEventLog>().DeadLetters;
        return Eventually.BecomesTrueAsync(
            async () =>
                (await store.ListAsync(new DeadLetterQuery { Webhook = state, Limit = 1000 }, CancellationToken.None)).Count == count,
            $"{count} dead letters were {state}");
    }
}
