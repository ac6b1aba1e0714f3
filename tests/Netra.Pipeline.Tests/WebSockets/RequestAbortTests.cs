using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RequestAbortTests
{
    [Test]
    public void Abort_WhileTheRequestLasts_CutsItOnce()
    {
        var lifetime = new CountingLifetime();
        var abort = new RequestAbort(ContextOf(lifetime));

        abort.Abort();
        abort.Abort();

        Assert.That(lifetime.Aborts, Is.EqualTo(1));
    }

    // Behind the context there is somebody else's request by then.
    [Test]
    public void Abort_AfterTheRequest_DoesNothing()
    {
        var lifetime = new CountingLifetime();
        var abort = new RequestAbort(ContextOf(lifetime));

        abort.Disarm();
        abort.Abort();

        Assert.That(lifetime.Aborts, Is.Zero);
    }

    private static DefaultHttpContext ContextOf(CountingLifetime lifetime)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        return context;
    }

    private sealed class CountingLifetime : IHttpRequestLifetimeFeature
    {
        public int Aborts { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => Aborts++;
    }
}
