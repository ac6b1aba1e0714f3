using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Health;

/// <summary>What the health checks said stands only as long as they go on saying it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PipelineHealthTests
{
    [Test]
    public async Task Verdicts_AreNotRenewed_AreNotHealthyForEver()
    {
        var isBlind = false;
        await using var host = await MonitoredHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<ResourceSampler>(
                () => isBlind ? throw new UnauthorizedAccessException("/proc is not readable") : new ResourceSample(1, 0)));
        await host.PassAsync(12);
        var judged = host.Time.GetUtcNow();
        isBlind = true;
        await host.PassAsync(20);
        await StatusIsAsync(HttpStatusCode.OK, "healthy");

        await host.PassAsync(30);
        var health = await StatusIsAsync(HttpStatusCode.ServiceUnavailable, "unhealthy");
        Assert.That(health.GetProperty("issues").EnumerateArray().Single().GetString(), Does.Contain("nothing has been judged for"));
        Assert.That(
            health.GetProperty("timestamp").GetDouble(), Is.LessThan(judged.ToUnixTimeMilliseconds() / 1000.0 + 10), "as old as it is");

        isBlind = false;
        await host.PassAsync(11);
        await StatusIsAsync(HttpStatusCode.OK, "healthy");

        async Task<System.Text.Json.JsonElement> StatusIsAsync(HttpStatusCode code, string status)
        {
            var (answer, body) = await host.Http.AskAsync("/health");
            Assert.That((answer.StatusCode, body.Text("status")), Is.EqualTo((code, status)), body.ToString());
            return body;
        }
    }
}
