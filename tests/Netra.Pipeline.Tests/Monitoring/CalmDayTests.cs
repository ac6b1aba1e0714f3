using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Alerting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// A day on which nothing is wrong raises no alert: runs of all kinds, some of which wait for somebody's answer or are fed by publishers
/// that are silent for long, with users who come, leave, put their tab into the background and close their laptops in the middle of an
/// answer, on a server whose process stands still now and then and that is deployed anew. In virtual time, second by second, over real
/// sockets. NETRA_CALM_HOURS says how many hours; one by default.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class CalmDayTests
{
    private const int Users = 6;

    // Minutes. Not multiples of each other.
    private const int PauseEvery = 11;
    private const int DeployEvery = 26;

    private static readonly int Hours = int.Parse(
        Environment.GetEnvironmentVariable("NETRA_CALM_HOURS") ?? "1", CultureInfo.InvariantCulture);

    [Test]
    public async Task Day_UsersComeLeaveFreezeAndCloseLaptops_RaisesNoAlert()
    {
        var pager = new ScriptedNotifier("pager");
        var folder = Directory.CreateTempSubdirectory("netra-calm-").FullName;
        var time = new TestTimeProvider();
        var host = await StartAsync(time, folder, pager);
        var random = new Random(20261124);
        var pages = Enumerable.Range(0, Users).Select(i => new CalmPage(host.Pipeline, $"user-{i}")).ToList();
        var runs = new List<CalmRun>();
        var (pauses, deployments) = (0, 0);
        try
        {
            // One of them is at work all day.
            await pages[0].OpenAsync();
            for (var minute = 0; minute < Hours * 60; minute++)
            {
                foreach (var page in pages.Skip(1))
                {
                    await LiveAsync(page, random);
                }

                if (minute % PauseEvery == PauseEvery - 1)
                {
                    pauses++;
                    time.StandStill(TimeSpan.FromSeconds(random.Next(5, 400)));
                }

                if (minute % DeployEvery == DeployEvery - 1)
                {
                    deployments++;
                    host = await DeployAsync(host, time, folder, pager, pages);
                }

                runs.RemoveAll(static run => run.IsOver);
                runs.Add(new CalmRun(time, pages[random.Next(Users)].UserId, $"r{minute}", random));
                for (var second = 0; second < 60; second++)
                {
                    foreach (var run in runs)
                    {
                        await run.GoOnAsync(host);
                    }

                    await host.PassAsync(1);
                    foreach (var page in pages)
                    {
                        await page.SettleAsync();
                    }
                }
            }

            await TestContext.Out.WriteLineAsync($"{Hours} h, {pauses} pauses, {deployments} deployments");
            Assert.That(pager.Tried.Select(static told => $"{told.Notification.RuleName}: {told.Notification.Summary}"), Is.Empty);
            Assert.That(
                host.Services.GetRequiredService<AlertCenter>()
                    .Alerts.Where(static alert => alert.State != AlertState.Pending)
                    .Select(static alert => alert.Name),
                Is.Empty);
            Assert.That(host.Pipeline.Failures.Latest(10).Select(static failure => failure.Message), Is.Empty);
            Assert.That(pages.Where(static page => page.WasEnded).Select(static page => page.UserId), Is.Empty, "pages that were ended");
            Assert.That(pages.SelectMany(static page => page.Errors), Is.Empty, "errors that pages were shown");
            Assert.That(pages.SelectMany(static page => page.Stalled), Is.Empty, "runs that were said to be stalled");
        }
        finally
        {
            foreach (var run in runs)
            {
                await run.DisposeAsync();
            }

            foreach (var page in pages)
            {
                await page.DisposeAsync();
            }

            await host.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<MonitoredHost> StartAsync(TestTimeProvider time, string folder, ScriptedNotifier pager)
        => MonitoredHost.StartAsync(
            pipeline =>
            {
                pipeline.Services.AddSingleton<INotifier>(pager);
                pipeline.UseEventLog<SqliteEventLog>();
            },
            [("Netra:DataDirectory", folder)],
            time: time);

    // A new version: whoever is there is told to come back, and does.
    private static async Task<MonitoredHost> DeployAsync(
        MonitoredHost host, TestTimeProvider time, string folder, ScriptedNotifier pager, List<CalmPage> pages)
    {
        var there = pages.Where(static page => page.IsThere).ToList();
        foreach (var page in there)
        {
            page.ExpectsGoodbye();
        }

        await host.DisposeAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        var next = await StartAsync(time, folder, pager);
        foreach (var page in pages)
        {
            await page.MoveAsync(next.Pipeline);
        }

        return next;
    }

    private static async Task LiveAsync(CalmPage page, Random random)
    {
        switch (random.Next(10))
        {
            case 0 when !page.IsThere:
            case 1 when !page.IsThere:
                await page.OpenAsync();
                break;
            case 2 when page.IsThere:
                await page.LeaveAsync();
                break;
            case 3 when page.IsThere:
                await page.CloseLidAsync();
                break;
            case 4 when page.IsThere:
                page.IsFrozen = true;
                break;
            case 5 when page is { IsThere: true, IsFrozen: true }:
                // Out of the background: the browser opens a new connection where the page was asleep.
                await page.CloseLidAsync();
                await page.OpenAsync();
                break;
        }
    }
}
