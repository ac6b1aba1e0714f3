using Netra.Pipeline.Monitoring.Metrics;

namespace Netra.Pipeline.Alerting;

/// <summary>
/// The readings of one second by signal, and the time of each signal's last reading. Bounded by the signals that rules compare and the
/// readings that are given. Not thread-safe.
/// </summary>
internal sealed class SignalReadings
{
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);
    private Dictionary<string, List<SignalReading>> _bySignal = new(StringComparer.Ordinal);

    /// <summary>Sets the time of a signal's last reading, for one that was missing before the process was restarted.</summary>
    public void MissingSince(string signal, DateTimeOffset seen) => _seen[signal] = seen;

    /// <summary>Leaves out a time in which nothing could be measured: signals do not age by it.</summary>
    public void Shift(TimeSpan lost)
    {
        foreach (var signal in _seen.Keys.ToList())
        {
            _seen[signal] += lost;
        }
    }

    /// <summary>Takes the readings of a second.</summary>
    /// <param name="readings">The readings.</param>
    /// <param name="expected">The signals that rules compare.</param>
    /// <param name="now">The time.</param>
    public void Take(IReadOnlyList<SignalReading> readings, IReadOnlySet<string> expected, DateTimeOffset now)
    {
        _bySignal = new Dictionary<string, List<SignalReading>>(StringComparer.Ordinal);
        foreach (var reading in readings)
        {
            // The age of signals is measured here alone. A value that is not a number cannot be compared, so it counts as missing.
            if (reading.Signal != AlertRules.SignalAge && !double.IsNaN(reading.Value) && expected.Contains(reading.Signal))
            {
                Of(reading.Signal).Add(reading);
            }
        }

        foreach (var signal in expected)
        {
            if (_bySignal.ContainsKey(signal))
            {
                _seen[signal] = now;
            }
            else
            {
                _seen.TryAdd(signal, now);
            }

            Of(AlertRules.SignalAge).Add(new SignalReading(AlertRules.SignalAge, signal, (now - _seen[signal]).TotalSeconds));
        }
    }

    /// <summary>
    /// The readings that a rule compares, by their labels. Labels above the limit share one entry, with the worst reading.
    /// </summary>
    /// <returns>Null when the signal has no reading at all.</returns>
    public Dictionary<string, SignalReading>? For(AlertRule rule, int maxLabels, IReadOnlySet<string> known)
    {
        if (!_bySignal.TryGetValue(rule.Signal, out var readings))
        {
            return rule.Signal == AlertRules.SignalAge ? [] : null;
        }

        var compared = new Dictionary<string, SignalReading>(StringComparer.Ordinal);
        foreach (var reading in readings)
        {
            if (rule.LabelName is null ? reading.Label is not null : rule.LabelValue is not null && reading.Label != rule.LabelValue)
            {
                continue;
            }

            // A label without an alert, for which the rule does not hold, does not count towards the limit.
            var label = reading.Label ?? string.Empty;
            if (!known.Contains(label) && rule.LabelName is not null && !rule.Holds(reading.Value))
            {
                continue;
            }

            if (!known.Contains(label) && compared.Keys.Count(key => !known.Contains(key)) + known.Count >= maxLabels)
            {
                label = OtherLabel;
            }

            if (!compared.TryGetValue(label, out var other) || (rule.Holds(reading.Value) && !rule.Holds(other.Value)))
            {
                compared[label] = reading;
            }
        }

        return compared;
    }

    /// <summary>The entry that labels above the limit share.</summary>
    public const string OtherLabel = "(other)";

    private List<SignalReading> Of(string signal)
    {
        if (!_bySignal.TryGetValue(signal, out var readings))
        {
            _bySignal[signal] = readings = [];
        }

        return readings;
    }
}
