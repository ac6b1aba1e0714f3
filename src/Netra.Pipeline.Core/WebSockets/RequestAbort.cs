using Microsoft.AspNetCore.Http;

namespace Netra.Pipeline.WebSockets;

/// <summary>
/// Cuts the transport of one request, from any thread, as long as the request lasts: Kestrel uses the objects behind an
/// <see cref="HttpContext"/> again, and a late call would cut somebody else's.
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
