using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Monitoring.Metrics;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class MetricsTests
{
    [FsCheck.NUnit.Property]
    public bool Percentile_OfAnyLatencies_IsNeverBelowAndAtMostAFifthAbove(FsCheck.NonEmptyArray<FsCheck.NonNegativeInt> microseconds)
    {
        var latencies = microseconds.Get.Select(static value => (long)value.Get).Order().ToArray();
        var histogram = new LatencyHistogram();
        foreach (var latency in latencies)
        {
            histogram.Add(TimeSpan.FromMicroseconds(latency));
        }

        var median = latencies[(int)Math.Ceiling(latencies.Length * 0.5) - 1];
        var found = histogram.Percentile(0.5).TotalMicroseconds;
        return found >= median && found <= (median * 1.25) + 1;
    }

    [Test]
    public void SlidingCount_LastMinute_ForgetsWhatIsOlder()
    {
        var count = new SlidingCount();
        count.Add(3);
        count.OnTick();
        for (var i = 0; i < 59; i++)
        {
            count.OnTick();
        }

        Assert.That(count.LastMinute, Is.EqualTo(3));
        count.OnTick();
        Assert.That((count.LastMinute, count.Total), Is.EqualTo((0, 3)));
    }

    [Test]
    public void SuccessRate_WhatIsUnderWay_HasNotFailed()
    {
        var rate = new SuccessRate(Options.Create(new ConnectionOptions()));
        rate.OnTick(Report(accepted: 0, acknowledged: 0, owed: 0));
        for (var second = 0; second < 27; second++)
        {
            rate.OnTick(Report(accepted: 100, acknowledged: 50, owed: 50));
        }

        Assert.That(
            rate.Value,
            Is.EqualTo(1),
            "ping interval and timeout, and two ticks, may pass: until then nobody knows whether the page is there");
        rate.OnTick(Report(accepted: 100, acknowledged: 50, owed: 50));

        Assert.That(rate.Value, Is.EqualTo(0.5));
    }

    [Test]
    public void SuccessRate_EventsOfTheFirstSecond_HaveNotFailedYet()
    {
        var rate = new SuccessRate(Options.Create(new ConnectionOptions()));
        for (var second = 0; second < 10; second++)
        {
            rate.OnTick(Report(accepted: 100, acknowledged: 0, owed: 100));
            Assert.That(rate.Value, Is.EqualTo(1));
        }
    }

    [Test]
    public void SuccessRate_WhatWaitsForAnAbsentUser_HasNotFailed()
    {
        var rate = new SuccessRate(Options.Create(new ConnectionOptions()));
        for (var second = 0; second < 90; second++)
        {
            rate.OnTick(Report(accepted: 100, acknowledged: 0, owed: 0));
        }

        Assert.That(rate.Value, Is.EqualTo(1));
    }

    [Test]
    public void UserMetricsTable_MoreUsersThanAreKept_ForgetsWhoWasThereLongestAgo()
    {
        var table = Table(maxUsers: 2);
        table.Close(table.Open("bob"));
        table.Close(table.Open("ada"));
        table.Close(table.Open("bob"));
        var eve = table.Open("eve");
        table.Open("$canary");

        Assert.That(table.All().Select(static user => user.UserKey), Is.EqualTo(new[] { "bob", "eve" }));
        Assert.That(table.Open("eve"), Is.SameAs(eve));
    }

    [Test]
    public void UserMetricsTable_UsersAreHeldBeyondTheLimit_ComesBackToItWhenTheyAreLetGo()
    {
        var table = Table(maxUsers: 10);
        var held = Enumerable.Range(0, 100).Select(i => table.Open($"{i}")).ToList();
        Assert.That(table.Count, Is.EqualTo(100), "what is held is never forgotten");
        held.ForEach(table.Close);

        table.Close(table.Open("one more"));

        Assert.That(table.Count, Is.EqualTo(10));
    }

    // The log's writer makes the metrics of a new user: at the limit each cost a search among ten thousand, 2 ms.
    [Test]
    public void UserMetricsTable_AMillionUsersPass_CostsNoSearchAndStaysBounded()
    {
        var table = Table();
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 1_000_000; i++)
        {
            table.Close(table.Open($"user-{i}"));
        }

        Assert.That(table.Count, Is.EqualTo(10_000));
        Assert.That(TimeProvider.System.GetElapsedTime(began), Is.LessThan(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public void Written_SeveralConnectionsOfOneUser_CountEachEventOnce()
    {
        var user = (UserMetrics)Table().Open("ada");
        user.OnWritten(5, through: 5);
        user.OnWritten(5, through: 5);
        user.OnWritten(3, through: 8);
        user.OnWritten(2, through: 7);

        Assert.That(user.Written, Is.EqualTo(8));
    }

    private static UserMetricsTable Table(int maxUsers = 10_000)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new UserMetricsTable(
            Options.Create(new MonitoringOptions { MaxUsers = maxUsers }),
            new DeliveryLatencies(meters, TimeProvider.System),
            new ServedTime(TimeProvider.System));
    }

    private static LedgerReport Report(long accepted, long acknowledged, long owed)
        => new("e", default, new StreamAccount(accepted, acknowledged, accepted - acknowledged, 0, 0), 0, 1, 1) { Owed = owed };
}
