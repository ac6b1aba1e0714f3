using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring;

/// <summary>
/// A run as a backend feeds it: its events at their seconds, some after a human has answered, and some over one request that stays open and
/// silent for long. A backend outlives the server: it opens its request again. One task at a time.
/// </summary>
internal sealed class CalmRun : IAsyncDisposable
{
    private readonly TestTimeProvider _time;
    private readonly Queue<(TimeSpan At, Func<string> Event)> _moves = [];
    private readonly bool _overOneRequest;
    private readonly string _subject;
    private PublishLines? _lines;
    private MonitoredHost? _host;

    /// <param name="time">The clock.</param>
    /// <param name="userId">Whose run it is.</param>
    /// <param name="runId">Its name.</param>
    /// <param name="random">Decides what it is like.</param>
    public CalmRun(TestTimeProvider time, string userId, string runId, Random random)
    {
        (_time, UserId, _subject) = (time, userId, $$"""{"user_id":"{{userId}}","thread_id":"t1","run_id":"{{runId}}",""");
        _overOneRequest = random.Next(4) == 0;
        var at = time.Elapsed;
        Add(ref at, 0, """ "type":"agent_started","data":{"agent_name":"demo"} """);
        Add(ref at, 3, """ "type":"agent_thinking","data":{"thought":"?"} """);
        for (var tools = random.Next(3); tools > 0; tools--)
        {
            Add(ref at, 3, """ "type":"tool_executing","data":{"tool_name":"search"} """);
            if (random.Next(3) == 0)
            {
                WaitForHuman(ref at, random);
            }
            else if (_overOneRequest)
            {
                // Silent; the open request says that it is there.
                at += TimeSpan.FromSeconds(random.Next(250));
            }
            else
            {
                for (var beats = random.Next(5); beats > 0; beats--)
                {
                    Add(ref at, random.Next(45), """ "type":"heartbeat" """);
                }
            }

            Add(ref at, 3, """ "type":"tool_completed","data":{"tool_name":"search"} """);
        }

        for (var tokens = random.Next(5); tokens > 0; tokens--)
        {
            Add(ref at, 3, """ "type":"token","data":{"delta":"word "} """);
        }

        Add(ref at, 3, random.Next(10) switch
        {
            0 => """ "type":"agent_failed","data":{"agent_name":"demo","error":{"code":"no_answer","message":"?"}} """,
            1 => """ "type":"agent_cancelled","data":{"agent_name":"demo"} """,
            _ => """ "type":"agent_completed","data":{"agent_name":"demo"} """,
        });
    }

    public string UserId { get; }

    public bool IsOver => _moves.Count == 0;

    /// <summary>Does what is due.</summary>
    public async Task GoOnAsync(MonitoredHost host)
    {
        if (_overOneRequest && _lines is not null && _host != host)
        {
            // The server has been deployed anew meanwhile.
            await _lines.DisposeAsync();
            _lines = null;
            await SayAsync(host, """ "type":"heartbeat" """);
        }

        _host = host;
        while (_moves.TryPeek(out var move) && move.At <= _time.Elapsed)
        {
            _moves.Dequeue();
            await SayAsync(host, move.Event());
        }

        if (IsOver)
        {
            await DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_lines is { } lines)
        {
            _lines = null;
            await MonitoredHost.WhileTimePassesAsync(_time, lines.CompleteAsync());
            await lines.DisposeAsync();
        }
    }

    private async Task SayAsync(MonitoredHost host, string move)
    {
        var json = $"{_subject}{move}}}";
        if (_overOneRequest)
        {
            _lines ??= await PublishLines.OpenAsync(host.Pipeline);
            await _lines.SendAsync(json);
            var answer = await MonitoredHost.WhileTimePassesAsync(_time, _lines.ReadAsync());
            Assert.That(answer?.Text("status"), Is.Not.EqualTo("rejected"), $"{json}: {answer}");
        }
        else
        {
            var (response, body) = await MonitoredHost.WhileTimePassesAsync(_time, host.Http.PublishAsync(json));
            Assert.That(response.IsSuccessStatusCode, Is.True, $"{json}: {body}");
        }
    }

    private void Add(ref TimeSpan at, int seconds, string move) => Add(ref at, seconds, () => move);

    private void Add(ref TimeSpan at, int seconds, Func<string> move)
    {
        at += TimeSpan.FromSeconds(seconds);
        _moves.Enqueue((at, move));
    }

    // Somebody answers after minutes, now and then later than was thought: then the wait is prolonged.
    private void WaitForHuman(ref TimeSpan at, Random random)
    {
        for (var waits = 1 + random.Next(3); waits > 0; waits--)
        {
            var minutes = 1 + random.Next(12);
            Add(ref at, 1, () =>
            {
                var until = (_time.GetUtcNow() + TimeSpan.FromMinutes(minutes)).ToUnixTimeMilliseconds() / 1000.0;
                return string.Create(CultureInfo.InvariantCulture, $$""" "type":"waiting","data":{"until":{{until}}} """);
            });
            at += TimeSpan.FromSeconds(random.Next((minutes * 60) - 5));
        }
    }
}
