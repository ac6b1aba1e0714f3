using System.Net;

namespace Netra.Pipeline.Tests.Client;

/// <summary>Refuses the first requests as a server, or something before it, would.</summary>
internal sealed class RefusingHandler(HttpStatusCode status, int times, string? retryAfter = null)
    : DelegatingHandler(new SocketsHttpHandler())
{
    private int _left = times;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _left) < 0)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var response = new HttpResponseMessage(status) { RequestMessage = request };
        if (retryAfter is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return response;
    }
}
