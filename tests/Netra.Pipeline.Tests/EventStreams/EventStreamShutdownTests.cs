using Microsoft.AspNetCore.Server.Kestrel.Core;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.EventStreams;

/// <summary>A host with open event streams stops in the time of a goodbye, not of a timeout.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventStreamShutdownTests
{
    // Against the host's 30 s; a goodbye takes 250 ms.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Test]
    public async Task Stop_PagesThatRead_GetWhatWaitsAndTheGoodbye([Values("1.1", "2.0")] string version)
    {
        await using var host = await PipelineHost.StartAsync(settings: [HostLogs.LongGoodbye], kestrel: KestrelOf(version));
        await using var page = await EventStreamClient.OpenAsync(host, "ada", version: Version.Parse(version));
        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            await emitter.TokenAsync("last");
        }

        await AssertStopsSoonAsync(host);

        Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(1));
        Assert.That(await page.ReadEndAsync(), Is.EqualTo(("server_shutdown", true)));
        host.AssertNoErrors();
    }

    [Test]
    public async Task Stop_PagesThatDoNotRead_HoldNothingUp([Values("1.1", "2.0")] string version)
    {
        await using var host = await PipelineHost.StartAsync(
            settings: [("Netra:Connections:SendBufferBytes", "16384"), HostLogs.Debug], kestrel: KestrelOf(version));
        await using var page = await EventStreamClient.OpenAsync(
            host, "ada", version: Version.Parse(version), receiveBuffer: SmallReceiveBuffer.Bytes);
        await using (var emitter = await host.EmitterOfAsync("ada", options: new EmitterOptions { Overflow = OverflowBehavior.Report }))
        {
            var large = new string('x', 64 * 1024);
            while ((await emitter.TokenAsync(large)).Status != EventStatus.Lagging)
            {
            }
        }

        await AssertStopsSoonAsync(host);
        Assert.That(host.EndReasonsOf("ada"), Is.EqualTo(new[] { "server_shutdown" }));
        host.AssertNothingWorseThanOverflow();
    }

    private static Action<KestrelServerOptions>? KestrelOf(string version) => version == "2.0" ? Listeners.ClearTextHttp2 : null;

    private static async Task AssertStopsSoonAsync(PipelineHost host)
    {
        var begun = FairStopwatch.Start();
        await host.StopAsync();
        Assert.That(begun.Fair, Is.LessThan(Soon));
    }
}
