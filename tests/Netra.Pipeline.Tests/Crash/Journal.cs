namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// What all clients of a test saw and were promised over all lives of the server, and every contradiction on the way. Safe for any number
/// of threads: one lock guards everything.
/// </summary>
internal sealed class Journal
{
    private const int MaxViolations = 50;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string UserId, long Seq), (string Id, string? Marker, string From)> _numbers = [];
    private readonly Dictionary<string, (string UserId, long Seq)> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<(string UserId, long Seq), Sighting> _sightings = [];
    private readonly Dictionary<string, Promise> _promises = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _refusals = new(StringComparer.Ordinal);
    private readonly List<string> _violations = [];
    private int _violationCount;

    /// <summary>Every event that anybody saw.</summary>
    public IReadOnlyList<Sighting> Sightings => Read(() => _sightings.Values.ToArray());

    /// <summary>Every receipt that anybody holds.</summary>
    public IReadOnlyList<Promise> Promises => Read(() => _promises.Values.ToArray());

    /// <summary>The markers of the events that the server refused, with why.</summary>
    public IReadOnlyDictionary<string, string> Refusals => Read(() => new Dictionary<string, string>(_refusals, StringComparer.Ordinal));

    /// <summary>What went wrong; the first ones only, when it is very much.</summary>
    public IReadOnlyList<string> Violations => Read(() =>
    {
        var more = _violationCount - MaxViolations;
        return (string[])(more > 0 ? [.. _violations, $"… and {more} more"] : [.. _violations]);
    });

    /// <summary>Fails the test, with everything that went wrong, a line each.</summary>
    public void ShouldHaveNoViolations(string circumstances)
    {
        var violations = Violations;
        if (violations.Count > 0)
        {
            Assert.Fail($"{circumstances}\n{string.Join('\n', violations)}");
        }
    }

    public void Violation(string what)
    {
        lock (_gate)
        {
            if (++_violationCount <= MaxViolations)
            {
                _violations.Add(what);
            }
        }
    }

    /// <summary>Somebody has received an event.</summary>
    /// <returns>The same event as it was first seen, so that it is kept once.</returns>
    public Sighting See(Sighting seen, string who)
    {
        lock (_gate)
        {
            var at = (seen.UserId, seen.Seq);
            Settle(at, seen.Id, seen.Marker, who);
            if (_sightings.TryAdd(at, seen))
            {
                return seen;
            }

            var first = _sightings[at];
            if (first != seen)
            {
                Violation($"{who} got number {seen.Seq} of {seen.UserId} as {seen}, but it was {first} before.");
            }

            return first;
        }
    }

    /// <summary>A writer holds a receipt that says stored.</summary>
    public void Promised(Promise promise, string who)
    {
        lock (_gate)
        {
            Settle((promise.Event.UserId, promise.Seq), promise.Id, promise.Event.Marker, who);
            if (!_promises.TryAdd(promise.Event.Marker, promise)
                && _promises[promise.Event.Marker] is var first
                && first.Answer != promise.Answer)
            {
                Violation(
                    $"{who} got two receipts for the key {promise.Event.Marker}: {first.Answer} in life {first.Life}, "
                    + $"{promise.Answer} in life {promise.Life}.");
            }
        }
    }

    /// <summary>The server has said that an event is not stored.</summary>
    public void Refused(PublishedEvent refused, string answer)
    {
        lock (_gate)
        {
            _refusals[refused.Marker] = answer;
        }
    }

    // A number belongs to one event and an id to one number, whoever says so, for good.
    private void Settle((string UserId, long Seq) at, string id, string? marker, string who)
    {
        if (!_numbers.TryAdd(at, (id, marker, who)) && _numbers[at] is var first && (first.Id, first.Marker) != (id, marker))
        {
            Violation(
                $"Number {at.Seq} of {at.UserId} is event {id} with marker {marker} for {who}, "
                + $"but was {first.Id} with marker {first.Marker} for {first.From}.");
        }

        if (!_ids.TryAdd(id, at) && _ids[id] != at)
        {
            Violation($"Id {id} is number {at.Seq} of {at.UserId} for {who}, but was number {_ids[id].Seq} of {_ids[id].UserId}.");
        }
    }

    private T Read<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }
}
