using System.Diagnostics.Metrics;

namespace Netra.Pipeline.Client.Publishing;

/// <summary>What a publisher measures, on the meter <c>Netra.Pipeline.Client</c>; docs/publish.md has the table.</summary>
internal sealed class PublisherMetrics : IDisposable
{
    private readonly Meter? _own;
    private readonly Counter<long> _events;
    private readonly Counter<long> _sentAgain;
    private readonly Counter<long> _connections;
    private readonly Counter<long> _commands;
    private readonly Histogram<double> _duration;

    public PublisherMetrics(IMeterFactory? factory, Func<long> waiting)
    {
        _own = factory is null ? new Meter(ClientMetrics.MeterName) : null;
        var meter = _own ?? factory!.Create(ClientMetrics.MeterName);
        _events = meter.CreateCounter<long>("netra.client.publish.events", "{event}", "Events with an answer, by what it says.");
        _sentAgain = meter.CreateCounter<long>("netra.client.publish.sent_again", "{event}", "Events that were sent again, by why.");
        _connections = meter.CreateCounter<long>("netra.client.publish.connections", "{connection}", "Requests that were opened or not.");
        _commands = meter.CreateCounter<long>("netra.client.publish.commands", "{command}", "Commands that came, by what became of them.");
        _duration = meter.CreateHistogram<double>("netra.client.publish.duration", "s", "From taking an event until its answer.");
        meter.CreateObservableGauge("netra.client.publish.waiting", waiting, "{event}", "Events that wait for their answer.");
    }

    public void Answered(string outcome, TimeSpan after)
    {
        _events.Add(1, Tag("netra.outcome", outcome));
        _duration.Record(after.TotalSeconds);
    }

    public void SentAgain(string why, int count)
    {
        if (count > 0)
        {
            _sentAgain.Add(count, Tag("netra.reason", why));
        }
    }

    public void Connected(bool isOpen) => _connections.Add(1, Tag("netra.outcome", isOpen ? "up" : "refused"));

    public void Command(string outcome) => _commands.Add(1, Tag("netra.outcome", outcome));

    public void Dispose() => _own?.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
