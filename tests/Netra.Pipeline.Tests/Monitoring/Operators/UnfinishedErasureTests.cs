using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>An erasure that breaks off is completed, and once only.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class UnfinishedErasureTests
{
    private static readonly Uri Route = new("/v1/users/ada", UriKind.Relative);

    // Measured before: each round that failed put the user into the queue once more, and the user who came back was erased again.
    [Test]
    public async Task Erase_BreaksOffAndIsCompletedLater_LeavesWhoComesBackAlone()
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseEventLog<StubbornErasureLog>());
        using var http = host.CreateClient();
        var log = (StubbornErasureLog)host.Services.GetRequiredService<IEventLog>();
        var erasure = host.Services.GetRequiredService<UserErasure>();
        await http.PublishAsync(TokenJson());
        log.Fault = new IOException("the disk is gone");

        using var broken = await http.DeleteAsync(Route);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(async () => await erasure.RoundAsync(CancellationToken.None), Throws.Exception);
        }

        var (refused, _) = await http.PublishAsync(TokenJson());
        log.Fault = null;
        using var repeated = await http.DeleteAsync(Route);
        var (taken, _) = await http.PublishAsync(TokenJson());
        await erasure.RoundAsync(CancellationToken.None);
        await erasure.RoundAsync(CancellationToken.None);

        Assert.That(
            (broken.IsSuccessStatusCode, refused.StatusCode, repeated.StatusCode, taken.StatusCode),
            Is.EqualTo((false, HttpStatusCode.Conflict, HttpStatusCode.OK, HttpStatusCode.Accepted)));
        var (_, ledger) = await http.AskAsync("/v1/ledger?user_id=ada");
        Assert.That(ledger.GetProperty("accepted").GetInt64(), Is.EqualTo(1));
    }
}
