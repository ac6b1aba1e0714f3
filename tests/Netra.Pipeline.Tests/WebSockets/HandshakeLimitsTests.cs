using Microsoft.AspNetCore.Server.Kestrel.Core;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class HandshakeLimitsTests
{
    [Test]
    public void From_KestrelsDefaults_AreThoseOfTheProtocolDocument()
        => Assert.That(
            HandshakeLimits.From(new KestrelServerLimits()),
            Is.EqualTo(new HandshakeLimits(8 * 1024, 32 * 1024, 100, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(130))));

    // Kestrel keeps an infinite time as the largest TimeSpan, which no timer takes.
    [Test]
    public void From_InfiniteTimes_CanBeGivenToATimer()
    {
        var limits = HandshakeLimits.From(
            new KestrelServerLimits { KeepAliveTimeout = Timeout.InfiniteTimeSpan, RequestHeadersTimeout = Timeout.InfiniteTimeSpan });

        using var timer = new CancellationTokenSource(limits.FirstByteTimeout, new TestTimeProvider());
        timer.CancelAfter(limits.HeadersTimeout);

        Assert.That(timer.IsCancellationRequested, Is.False);
    }
}
