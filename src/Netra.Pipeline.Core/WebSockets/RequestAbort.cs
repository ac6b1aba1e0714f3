using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Cuts the transport of one request, from any thread, as long as the request lasts: Kestrel reuses the objects behind an
/// <see cref="HttpContext"/>, and a late call would cut another client's request.
/// </summary>
internal sealed class RequestAbort(HttpContext context)
{
    private readonly Lock _gate = new();
    private bool _disarmed;

    public void Abort()
    {
        lock (_gate)
        {
            if (!_disarmed)
            {
                _disarmed = true;
                context.Abort();
            }
        }
    }

    /// <summary>To be called before the request ends.</summary>
    public void Disarm()
    {
        lock (_gate)
        {
            _disarmed = true;
        }
    }
}
