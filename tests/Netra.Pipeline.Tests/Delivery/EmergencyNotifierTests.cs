using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EmergencyNotifierTests
{
    [Test]
    public async Task Tell_OneThrowsAndOneHangs_IsReportedAndTheThirdIsTold()
    {
        using var under = new ReporterUnderTest();
        var throws = new Notifier(static _ => throw new InvalidOperationException("the pager is off"));
        var hangs = new Notifier(static cancellation => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation));
        var well = new Notifier(static _ => Task.CompletedTask);
        var emergencies = Create(under, new DeliveryOptions(), throws, hangs, well);

        emergencies.Tell(Emergency("ada"));
        emergencies.Tell(Emergency("bob"));
        await Eventually.BecomesTrueAsync(
            () => well.Told.Count == 2 && throws.Told.Count == 2 && hangs.Told.Count == 1, "each was told as far as it lets itself be");
        await Eventually.BecomesTrueAsync(() => under.Feed.Total == 2, "those that threw were reported");
        under.Time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.BecomesTrueAsync(
            () => under.Feed.Total == 3 && hangs.Told.Count == 2, "the one that hung was reported, and told on");
        under.Time.Advance(TimeSpan.FromSeconds(10));
        await emergencies.StopAsync();

        Assert.That(well.Told, Is.EqualTo(new[] { "ada", "bob" }));
        Assert.That(hangs.Told, Is.EqualTo(new[] { "ada", "bob" }));
        Assert.That(under.Feed.Latest(10).Select(static f => f.Code), Is.All.EqualTo(FailureCode.BackgroundFailed));
        Assert.That(
            under.Feed.Latest(10).Select(static f => f.Message),
            Has.Some.Contains("the pager is off").And.Some.Contains("00:00:10 (Netra:Delivery:EmergencyTimeout)"));
    }

    [Test]
    public async Task Tell_NotifierIgnoresItsCancellation_IsNotCalledAgainBeforeItReturns()
    {
        using var under = new ReporterUnderTest();
        var released = new TaskCompletionSource();
        var deaf = new Notifier(_ => released.Task);
        var emergencies = Create(under, new DeliveryOptions { EmergencyQueue = 1 }, deaf);

        emergencies.Tell(Emergency("ada"));
        await Eventually.BecomesTrueAsync(() => deaf.Told.Count == 1, "it was called");
        emergencies.Tell(Emergency("bob"));
        emergencies.Tell(Emergency("eve"));
        Assert.That(
            under.Feed.Latest(10).Single().Message, Does.Contain("eve").And.Contain("1 wait already (Netra:Delivery:EmergencyQueue)"));
        under.Time.Advance(TimeSpan.FromSeconds(100));
        await Eventually.BecomesTrueAsync(() => under.Feed.Total == 2, "it took too long");
        Assert.That(deaf.Told, Has.Count.EqualTo(1));

        released.SetResult();
        await Eventually.BecomesTrueAsync(() => deaf.Told.Count == 2, "it was called again");
        await emergencies.StopAsync();
        Assert.That(deaf.Told, Is.EqualTo(new[] { "ada", "bob" }));
    }

    [Test]
    public async Task Stop_NotifierHangs_IsReportedAndDoesNotHoldUpTheHost()
    {
        using var under = new ReporterUnderTest();
        var released = new TaskCompletionSource();
        var deaf = new Notifier(_ => released.Task);
        var emergencies = Create(under, new DeliveryOptions(), deaf);
        emergencies.Tell(Emergency("ada"));
        emergencies.Tell(Emergency("bob"));
        await Eventually.BecomesTrueAsync(() => deaf.Told.Count == 1, "it was called");

        var stopping = emergencies.StopAsync();
        under.Time.Advance(TimeSpan.FromSeconds(10));
        await stopping.WaitAsync(TestClient.Patience);

        await Eventually.BecomesTrueAsync(() => under.Feed.Total == 2, "the call, and what was left");
        Assert.That(
            under.Feed.Latest(10),
            Has.Some.Matches<Failure>(static f => f.Message.Contains("was not told of all emergencies") && f.Numbers["count"] == 1));
        released.SetResult();
    }

    private static EmergencyNotifications Create(ReporterUnderTest under, DeliveryOptions options, params Notifier[] notifiers)
        => new(notifiers, under.Reporter, Options.Create(options), new ServedTime(under.Time));

    private static Failure Emergency(string userId)
        => new(FailureCode.CriticalDeliveryFailed, "deliver", "it was not delivered") { UserId = userId };

    private sealed class Notifier(Func<CancellationToken, Task> then) : IEmergencyNotifier
    {
        private readonly Lock _gate = new();
        private readonly List<string?> _told = [];

        public IReadOnlyList<string?> Told
        {
            get
            {
                lock (_gate)
                {
                    return [.. _told];
                }
            }
        }

        public Task NotifyAsync(Failure emergency, CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _told.Add(emergency.UserId);
            }

            return then(cancellationToken);
        }
    }
}
