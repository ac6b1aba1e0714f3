using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>When a server stops by itself for another process that waits for its folder.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandOverWatchTests
{
    [TestCase(false, 0, false)]
    [TestCase(false, 120, false, Description = "neither an operator nor the options ask for it")]
    [TestCase(true, 30, false, Description = "two processes that are kept alive would take the folder from each other for ever")]
    [TestCase(true, 61, true)]
    public async Task Successor_Waits_ServerStopsWhereThatIsWanted(bool handOver, int afterSeconds, bool stops)
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        var time = new TestTimeProvider();
        var watch = new HandOverWatch(
            host.Services.GetRequiredService<FolderHandOver>(),
            host.Services.GetRequiredService<PipelineDrain>(),
            host.Services.GetRequiredService<IHostApplicationLifetime>(),
            Options.Create(new HostingOptions { HandOver = handOver }),
            NullLogger<HandOverWatch>.Instance,
            time);
        await using var successor = await Successor.WaitAsync(host);
        time.Advance(TimeSpan.FromSeconds(afterSeconds));

        await watch.RoundAsync(default);

        Assert.That(watch.IsSuccessorThere, Is.True);
        Assert.That(HasStopped(host), Is.EqualTo(stops));
    }

    [Test]
    public async Task Successor_OperatorHasAsked_ServerStopsAtOnceUnlessThatIsTakenBack()
    {
        await using var host = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);
        var (watch, drain) = (host.Services.GetRequiredService<HandOverWatch>(), host.Services.GetRequiredService<PipelineDrain>());
        drain.AskHandOver("a new version", "eve");
        await watch.RoundAsync(default);
        Assert.That(HasStopped(host), Is.False, "nobody waits");
        Assert.That(drain.TryTakeBack("eve"), Is.True);
        await using var successor = await Successor.WaitAsync(host);
        await watch.RoundAsync(default);
        Assert.That(HasStopped(host), Is.False, "it was taken back");

        drain.AskHandOver("a new version", "eve");
        await watch.RoundAsync(default);

        // The host's own loop may be the one that stops it.
        await Eventually.BecomesTrueAsync(() => HasStopped(host), "it stops");
    }

    private static bool HasStopped(PipelineHost host)
        => host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;

    private sealed class Successor : IAsyncDisposable
    {
        private readonly CancellationTokenSource _over = new();
        private readonly FolderHandOver _folder;
        private readonly Task _waiting;

        private Successor(string directory)
        {
            _folder = new FolderHandOver(directory, TimeSpan.FromMinutes(1), NullLogger<FolderHandOver>.Instance, TimeProvider.System);
            _waiting = _folder.TakeAsync<object>(static () => null, static reason => new InvalidOperationException(reason), _over.Token);
        }

        public static async Task<Successor> WaitAsync(PipelineHost host)
        {
            var directory = host.Services.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory;
            var successor = new Successor(directory);
            var folder = host.Services.GetRequiredService<FolderHandOver>();
            await Eventually.BecomesTrueAsync(() => folder.IsSuccessorWaiting, "it waits");
            return successor;
        }

        public async ValueTask DisposeAsync()
        {
            await _over.CancelAsync();
            Assert.That(async () => await _waiting, Throws.InstanceOf<OperationCanceledException>());
            _folder.Dispose();
            _over.Dispose();
        }
    }
}
