using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Http;
using Netra.Pipeline.Limits;

namespace Netra.Pipeline.Publishing;

/// <summary>
/// The requests of many events that are open: bounded, and so are the idle ones among them. A request that publishes to an open run may be
/// silent for as long as the run is, and is never ended for others. Of the other ones, those that have been silent for longest make room.
/// </summary>
/// <remarks>
/// Safe to use from any thread; the lock guards the set. A request is asked to end, and decides by itself whether one of its runs is open.
/// </remarks>
internal sealed class OpenRequests
{
    private const int MostByDefault = 10_000;

    private static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly HashSet<OpenRequest> _open = [];
    private readonly Dictionary<string, int> _ofPublishers = new(StringComparer.Ordinal);
    private readonly ConnectionSlots _slots;
    private readonly PublishOptions _options;
    private readonly PeerLimitOptions _limits;
    private readonly ServedTime _time;
    private readonly Counter<long> _refused;

    public OpenRequests(
        ConnectionSlots slots,
        IOptions<PublishOptions> options,
        IOptions<PeerLimitOptions> limits,
        IMeterFactory meters,
        ServedTime time)
    {
        (_slots, _options, _limits, _time) = (slots, options.Value, limits.Value, time);
        var meter = meters.Create(PipelineMeter.Name);
        meter.CreateObservableUpDownCounter(
            "netra.publish_request.active", () => Count, "{request}", "Requests of many events that are open.");
        _refused = meter.CreateCounter<long>(
            "netra.publish_requests.refused", "{request}", "Requests of many events that were refused, since too many are open.");
    }

    /// <summary>How many may be open.</summary>
    public int Limit => _options.MaxOpenRequests ?? Math.Min(MostByDefault, Math.Max(1, _slots.HoldLimit / 2));

    /// <summary>How many may be open of one publisher.</summary>
    public int LimitOfPublisher => _limits.MaxOpenRequestsPerPublisher ?? Limit;

    /// <summary>How many are open.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Opens a request; disposing it closes it.</summary>
    /// <param name="publisherId">Whose request it is; empty for who is not authenticated.</param>
    /// <param name="ask">Tells it that it is to end unless one of its runs is open; called from any thread.</param>
    /// <param name="request">The request.</param>
    /// <returns>False when too many are open; the next one may find room.</returns>
    public bool TryOpen(string publisherId, Action ask, [NotNullWhen(true)] out OpenRequest? request)
    {
        List<OpenRequest> idle = [];
        lock (_gate)
        {
            var own = _ofPublishers.GetValueOrDefault(publisherId);
            request = own < LimitOfPublisher && _open.Count < Limit && _slots.TryHold()
                ? new OpenRequest(this, publisherId, ask, _time)
                : null;
            if (request is not null)
            {
                _open.Add(request);
                _ofPublishers[publisherId] = own + 1;
            }

            if (request is null || _open.Count > _options.MaxIdleRequests)
            {
                idle.AddRange(_open.Where(static open => open.Silence >= IdleAfter));
            }
        }

        // A refused publisher tries again, and by then an idle request has made room.
        var surplus = Math.Max(idle.Count - _options.MaxIdleRequests, request is null ? 1 : 0);
        foreach (var open in idle.OrderByDescending(static open => open.Silence).Take(surplus))
        {
            open.AskToEnd();
        }

        if (request is null)
        {
            _refused.Add(1);
        }

        return request is not null;
    }

    /// <summary>Answers a request for which there is no place.</summary>
    public async Task RefuseAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers.Connection = "close";
        await ProblemDocument.WriteAsync(
            context,
            StatusCodes.Status503ServiceUnavailable,
            "too_many_connections",
            $"{Count} requests of many events are open, of {Limit} that may be "
            + $"(Netra:Publish:MaxOpenRequests, ulimit -n), {LimitOfPublisher} of one publisher "
            + "(Netra:Limits:MaxOpenRequestsPerPublisher); pages count too.");
    }

    internal void Close(OpenRequest request)
    {
        lock (_gate)
        {
            if (!_open.Remove(request))
            {
                return;
            }

            if (--_ofPublishers[request.PublisherId] == 0)
            {
                _ofPublishers.Remove(request.PublisherId);
            }
        }

        _slots.Release();
    }
}
