using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>What one run with attempts must be like, whoever publishes to it.</summary>
internal sealed class AttemptModel
{
    private readonly List<(int? Named, int Met)> _publishers = [];
    private readonly List<int> _accepted = [];
    private int _present = 1;
    private long _events;
    private long _first;
    private bool _hasEnded;

    public void Open(int? named) => _publishers.Add((named, _present));

    /// <summary>A publisher says something.</summary>
    /// <returns>With what it is refused; null when it is accepted.</returns>
    public FailureCode? Say(int publisher, EventType type)
    {
        var (named, met) = _publishers[publisher];
        var attempt = named ?? met;
        if (_hasEnded)
        {
            return FailureCode.RunEnded;
        }

        if (attempt > _present && !(type == EventType.AgentStarted && named is not null))
        {
            return FailureCode.InvalidEvent;
        }

        if (attempt < _present && type == EventType.AgentCompleted)
        {
            return FailureCode.AttemptSuperseded;
        }

        _accepted.Add(attempt);
        if (attempt > _present)
        {
            (_present, _events, _first) = (attempt, 0, 0);
        }

        if (attempt == _present)
        {
            _events++;
            _first = _first == 0 ? _accepted.Count : _first;
            _hasEnded = type == EventType.AgentCompleted;
        }

        return null;
    }

    /// <summary>A fresh page gets every event with its attempt, and an end, if there is one, that counts the last attempt.</summary>
    public async Task CheckAsync(PipelineHost host)
    {
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        var events = await page.ReadEventsAsync(_accepted.Count);
        Assert.That(events.Select(static e => e.Attempt), Is.EqualTo(_accepted));
        Assert.That(events.Count(static e => e.Run is not null), Is.EqualTo(_hasEnded ? 1 : 0));
        if (_hasEnded)
        {
            Assert.That(events[^1].Run, Is.EqualTo(new RunSummary(_events, _first, _accepted.Count)));
            var last = events.Where(e => e.Attempt == _present && e.Seq >= _first);
            Assert.That(last.Count(), Is.EqualTo(_events), "what a page counts");
        }
    }
}
