using System.Diagnostics.Metrics;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Keeps every measurement of one factory's meters. Safe for any number of threads.</summary>
internal sealed class MetricRecorder : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<CapturedMeasurement> _measurements = [];
    private readonly MeterListener _listener = new();

    public MetricRecorder(TestMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (meters.Owns(instrument))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>All measurements so far, oldest first.</summary>
    public IReadOnlyList<CapturedMeasurement> Measurements
    {
        get
        {
            lock (_lock)
            {
                return [.. _measurements];
            }
        }
    }

    /// <summary>The sum of an instrument's measurements that have a tag, or of all when none is given.</summary>
    public double Sum(string instrument, string? tag = null, object? value = null) => Measurements
        .Where(m => m.Instrument == instrument && (tag is null || (m.Tags.TryGetValue(tag, out var actual) && Equals(actual, value))))
        .Sum(m => m.Value);

    /// <summary>Asks observable instruments for their values now.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, tag) in tags)
        {
            named[name] = tag;
        }

        lock (_lock)
        {
            _measurements.Add(new CapturedMeasurement(instrument.Name, instrument.Unit, value, named));
        }
    }
}
