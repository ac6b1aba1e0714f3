using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Tests.Alerting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// A day on which nothing is wrong raises no alert: runs of all kinds, with users who come, leave, put their tab into the background and close their laptops in the middle of an answer. In virtual time, second by second, over
/// real sockets. NETRA_CALM_HOURS says how many hours; two by default.
/// </summary>
[TestFixture]
internal sealed class CalmDayTests
{
    private const int Users = 6;
    private static readonly int Hours = int.Parse(Environment.GetEnvironmentVariable("NETRA_CALM_HOURS") ?? "2", CultureInfo.InvariantCulture);

    [Test]
    public async Task Day_UsersComeLeaveFreezeAndCloseLaptops_RaisesNoAlert()
    {
        var pager = new ScriptedNotifier("pager");
        await using var host = await MonitoredHost.StartAsync(pipeline => pipeline.Services.AddSingleton<INotifier>(pager));
        var random = new Random(20261124);
        var pages = Enumerable.Range(0, Users).Select(i => new CalmPage(host.Pipeline, $"user-{i}")).ToList();
        var runs = 0;
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

                var user = pages[random.Next(Users)].UserId;
                var moves = new Queue<string>(Run(random));
                for (var second = 0; second < 60; second++)
                {
                    if (second % 3 == 0 && moves.TryDequeue(out var move))
                    {
                        await host.Http.PublishAsync($$"""{"user_id":"{{user}}","thread_id":"t1","run_id":"r{{runs}}",{{move}}}""");
                    }

                    await host.PassAsync(1);
                    foreach (var page in pages)
                    {
                        await page.SettleAsync();
                    }
                }

                runs++;
            }

            Assert.That(pager.Tried.Select(static told => $"{told.Notification.RuleName}: {told.Notification.Summary}"), Is.Empty);
            Assert.That(
                host.Services.GetRequiredService<AlertCenter>().Alerts.Where(static alert => alert.State != AlertState.Pending).Select(static alert => alert.Name), Is.Empty);
            Assert.That(host.Pipeline.Failures.Latest(10).Select(static failure => failure.Message), Is.Empty);
        }
        finally
        {
            foreach (var page in pages)
            {
                await page.DisposeAsync();
            }
        }
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

    private static IEnumerable<string> Run(Random random)
    {
        yield return """ "type":"agent_started","data":{"agent_name":"demo"} """;
        yield return """ "type":"agent_thinking","data":{"thought":"?"} """;
        for (var tools = random.Next(3); tools > 0; tools--)
        {
            yield return """ "type":"tool_executing","data":{"tool_name":"search"} """;
            yield return """ "type":"heartbeat" """;
            yield return """ "type":"tool_completed","data":{"tool_name":"search"} """;
        }

        for (var tokens = random.Next(5); tokens > 0; tokens--)
        {
            yield return """ "type":"token","data":{"delta":"word "} """;
        }

        yield return random.Next(10) switch
        {
            0 => """ "type":"agent_failed","data":{"agent_name":"demo","error":{"code":"no_answer","message":"?"}} """,
            1 => """ "type":"agent_cancelled","data":{"agent_name":"demo"} """,
            _ => """ "type":"agent_completed","data":{"agent_name":"demo"} """,
        };
    }
}
