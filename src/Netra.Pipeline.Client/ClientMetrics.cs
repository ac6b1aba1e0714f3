using System.Diagnostics.Metrics;

namespace Netra.Pipeline.Client;

/// <summary>What an event client measures, on the meter <see cref="MeterName"/>; docs/connect.md has the table.</summary>
internal sealed class ClientMetrics : IDisposable
{
    public const string MeterName = "Netra.Pipeline.Client";

    private readonly Meter? _own;
    private readonly Counter<long> _connections;
    private readonly Counter<long> _endings;
    private readonly Counter<long> _events;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _faults;
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _handling;

    public ClientMetrics(IMeterFactory? factory)
    {
        _own = factory is null ? new Meter(MeterName) : null;
        var meter = _own ?? factory!.Create(MeterName);
        _connections = meter.CreateCounter<long>("netra.client.connections", "{connection}", "Connections that are up or were refused.");
        _endings = meter.CreateCounter<long>("netra.client.endings", "{connection}", "Connections that have ended, by code.");
        _events = meter.CreateCounter<long>("netra.client.events", "{event}", "Events that the application has handled.");
        _duplicates = meter.CreateCounter<long>("netra.client.duplicates", "{event}", "Frames that were dropped: they were there already.");
        _lost = meter.CreateCounter<long>("netra.client.gaps", "{gap}", "Ranges of numbers that will not come, by cause.");
        _faults = meter.CreateCounter<long>("netra.client.faults", "{fault}", "What the server should not have sent.");
        _requests = meter.CreateCounter<long>("netra.client.requests", "{message}", "Messages to the backend, by what became of them.");
        _handling = meter.CreateHistogram<double>(
            "netra.client.handling.duration", "s", "From an event's arrival until the application has handled it.");
    }

    public void Connected(bool isUp) => _connections.Add(1, Tag("netra.outcome", isUp ? "up" : "refused"));

    public void Ended(int code) => _endings.Add(1, Tag("netra.close_code", code));

    public void Handled(string type, long events, TimeSpan since)
    {
        _events.Add(events, Tag("netra.event.type", type));
        _handling.Record(since.TotalSeconds);
    }

    public void Dropped() => _duplicates.Add(1);

    public void Lost(string cause) => _lost.Add(1, Tag("netra.gap.cause", cause));

    public void Fault() => _faults.Add(1);

    public void Requested(string outcome) => _requests.Add(1, Tag("netra.outcome", outcome));

    public void Dispose() => _own?.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
