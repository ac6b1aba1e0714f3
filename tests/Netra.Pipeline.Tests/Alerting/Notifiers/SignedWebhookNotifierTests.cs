using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SignedWebhookNotifierTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwTq1n";

    [Test]
    public async Task Notify_TwoTries_AreSignedAnewUnderTheSameId()
    {
        var time = new TestTimeProvider();
        await using var provider = await Provider.StartAsync();
        using var http = provider.Http(time);
        var notifier = new SignedWebhookNotifier(
            Options.Create(new AlertWebhookOptions { Url = new Uri(provider.Address, "/hook?tenant=7").ToString(), Secret = Secret }),
            http,
            time);
        var notification = Sample.Of(NotificationKind.Resolve, TestTimeProvider.Start, EscalationLevel.Management);
        provider.Answer(500);

        Assert.ThrowsAsync<NotificationFailedException>(() => notifier.NotifyAsync(notification, CancellationToken.None));
        time.Advance(TimeSpan.FromSeconds(30));
        await notifier.NotifyAsync(notification, CancellationToken.None);

        Assert.That(provider.Posts.Select(static p => p.Target), Is.EqualTo(new[] { "POST /hook?tenant=7", "POST /hook?tenant=7" }));
        Assert.That(provider.Posts.Select(static p => p.Headers["webhook-id"]), Is.All.EqualTo(notification.Id));
        Assert.That(provider.Posts.Select(static p => p.Headers["webhook-timestamp"]), Is.Unique);
        Assert.That(provider.Posts.Select(static p => p.Headers["webhook-signature"]), Is.EqualTo(provider.Posts.Select(Expected)));
        var json = provider.Posts[1].Json;
        Assert.That(
            json.EnumerateObject().Select(static m => m.Name),
            Is.EqualTo(new[]
            {
                "type", "timestamp", "id", "kind", "incident_key", "rule", "severity", "level", "summary",
            "description", "starts_at", "ends_at", "value", "threshold", "labels",
            }));
        Assert.That(
            (
                json.GetProperty("type").GetString(),
                json.GetProperty("kind").GetString(),
                json.GetProperty("level").GetString(),
                json.GetProperty("severity").GetString()),
            Is.EqualTo(("alert", "resolve", "management", "critical")));
        Assert.That(json.GetProperty("ends_at").GetDouble() - json.GetProperty("starts_at").GetDouble(), Is.EqualTo(1).Within(1e-6));
    }

    // The signature as the specification has it, computed without the code under test.
    private static string Expected(Provider.Post post)
    {
        var signed = string.Create(
            CultureInfo.InvariantCulture, $"{post.Headers["webhook-id"]}.{post.Headers["webhook-timestamp"]}.{post.Body}");
        return "v1," + Convert.ToBase64String(
            HMACSHA256.HashData(Convert.FromBase64String(Secret.Split('_')[1]), Encoding.UTF8.GetBytes(signed)));
    }
}
