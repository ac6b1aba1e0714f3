using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Monitoring.Remediation;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring.Faults;

namespace Netra.Pipeline.Tests.Monitoring.Remediation;

/// <summary>
/// Remediation only shortens outages: what the server's own trouble explains fails no bridge, and what has failed is
/// back within a second of its cause's end.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class BridgeRemediationTests
{
    [Test]
    public async Task Bridge_LogStoresNothingForMinutes_IsNotFailedAndTheServiceIsBackAtOnce()
    {
        await using var host = await StartAsync();
        var log = LogOf(host);
        log.Answer = static _ => AppendResult.Full;
        log.InTrouble = "the disk is full";
        await host.PassAsync(180);
        Assert.That(host.Pipeline.Bridge.State, Is.EqualTo(BridgeState.Ready));
        Assert.That(CanaryOf(host).ConsecutiveFailures, Is.Zero);

        var passed = CanaryOf(host).Passes;
        (log.InTrouble, log.Answer) = (null, static _ => null);
        await host.PassAsync(1);

        Assert.That(
            (await host.Http.PublishAsync(
                PublishExtensions.EventJson("agent_started", """{"agent_name":"demo"}"""))).Response.IsSuccessStatusCode,
            Is.True);
        await host.PassAsync(1);
        Assert.That(CanaryOf(host).Passes, Is.GreaterThan(passed), "one goes at once, not when it is due");
        Assert.That(
            host.Services.GetRequiredService<RemediationLog>().Latest.Where(static step => step.Remediation != "connection"), Is.Empty);
    }

    [Test]
    public async Task Bridge_HasFailed_IsReadyASecondAfterTheCauseIsGone()
    {
        await using var host = await StartAsync();
        var log = LogOf(host);
        log.Answer = static user => user.StartsWith('$') ? AppendResult.Failed : null;
        await host.PassAsync(120);
        Assert.That(host.Pipeline.Bridge.State, Is.EqualTo(BridgeState.Failed), "nothing explains it");

        log.Answer = static _ => null;
        await host.PassAsync(2);

        Assert.That(host.Pipeline.Bridge.State, Is.EqualTo(BridgeState.Ready));
        var steps = host.Services.GetRequiredService<RemediationLog>().Latest.Where(static step => step.Remediation == "bridge").ToArray();
        Assert.That(steps, Has.Length.LessThanOrEqualTo(3), "what fails again and again is one step");
        Assert.That(steps[0].Outcome, Is.EqualTo("passed; the bridge is ready again"));
    }

    [Test]
    public async Task Bridge_LogBeginsToStoreNothingWhileItHasFailed_IsVerifiedAsSoonAsThatIsOver()
    {
        await using var host = await StartAsync();
        var log = LogOf(host);
        log.Answer = static user => user.StartsWith('$') ? AppendResult.Failed : null;
        await host.PassAsync(120);
        log.InTrouble = "the disk is full";
        await host.PassAsync(60);

        (log.InTrouble, log.Answer) = (null, static _ => null);
        await host.PassAsync(2);

        Assert.That(host.Pipeline.Bridge.State, Is.EqualTo(BridgeState.Ready));
    }

    [Test]
    public async Task EmergencyMode_LogStoresNothing_DoesNotBegin()
    {
        await using var host = await StartAsync();
        LogOf(host).InTrouble = "the disk is full";
        for (var i = 0; i < 3; i++)
        {
            host.Services.GetRequiredService<EmissionWaits>().Refused.Add();
            await host.PassAsync(1);
        }

        Assert.That(host.Services.GetRequiredService<EmergencyMode>().IsOn, Is.False, "it would help nobody, and outlast the trouble");
    }

    [Test]
    public async Task EmergencyMode_LogTakesEverythingAgain_EndsWithinSecondsAndStaysLongerEachTime()
    {
        await using var host = await StartAsync();
        var (waits, emergency) = (host.Services.GetRequiredService<EmissionWaits>(), host.Services.GetRequiredService<EmergencyMode>());
        var holds = new List<int>();
        for (var i = 0; i < 7; i++)
        {
            waits.Refused.Add();
            await host.PassAsync(1);
            Assert.That(emergency.IsOn, Is.True);
            var hold = 0;
            for (; emergency.IsOn && hold < 100; hold++)
            {
                await host.PassAsync(1);
            }

            holds.Add(hold);
        }

        Assert.That(holds, Is.EqualTo(new[] { 2, 4, 8, 16, 32, 60, 60 }));
    }

    private static Task<MonitoredHost> StartAsync() => MonitoredHost.StartAsync(static pipeline => pipeline.UseEventLog<FaultyLog>());

    private static FaultyLog LogOf(MonitoredHost host) => (FaultyLog)host.Services.GetRequiredService<IEventLog>();

    private static Canary CanaryOf(MonitoredHost host) => host.Services.GetRequiredService<Canary>();
}
