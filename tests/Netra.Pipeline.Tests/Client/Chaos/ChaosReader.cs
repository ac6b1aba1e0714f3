using Netra.Pipeline.Client;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>A reader of the chaos on the .NET client.</summary>
internal sealed class ChaosReader : IAsyncDisposable
{
    private readonly string _name;
    private readonly string _user;
    private readonly List<ChaosFrame> _frames = [];
    private readonly List<(long From, long To)> _lost = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _there = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly EventClient _client;
    private readonly Task _reading;
    private long _head = long.MaxValue;
    private int _recoveries;

    /// <param name="address">Where the server is.</param>
    /// <param name="name">Which reader.</param>
    /// <param name="user">Whose events.</param>
    /// <param name="joins">Whether text may come joined.</param>
    public ChaosReader(Uri address, string name, string user, bool joins)
    {
        (_name, _user) = (name, user);
        _client = new EventClient(new EventClientOptions
        {
            Address = address,
            UserId = user,
            Start = EventStart.Beginning,
            JoinText = joins,
            FirstPause = TimeSpan.FromMilliseconds(100),
            LongestPause = TimeSpan.FromSeconds(2),
            EventsLost = lost =>
            {
                if (lost is { Cause: GapCause.ServerRestart, IsCertain: false })
                {
                    _lost.Add((lost.From, lost.To));
                }

                Look(lost.To);
            },
            Recovered = _ => _recoveries++,
        });
        _reading = ReadAsync();
    }

    /// <summary>Whose events.</summary>
    public string User => _user;

    /// <summary>How often it was back.</summary>
    public int Recoveries => _recoveries;

    /// <summary>How it is.</summary>
    public string Description => $"{_name} of {_user}, {_client.State}, at {_client.Position}";

    /// <summary>Reads to a number, and ends.</summary>
    public async Task<ChaosReading> EndAtAsync(long head, TimeSpan patience)
    {
        Interlocked.Exchange(ref _head, head);
        Look(_client.Position?.Seq ?? 0);
        await Task.WhenAny(_there.Task, _reading).WaitAsync(patience, TimeProvider.System);
        await _stop.CancelAsync();
        await _reading.WaitAsync(patience, TimeProvider.System);
        return new ChaosReading(_name, _user, _frames, _lost);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _client.DisposeAsync();
        await ((Task)_reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        await foreach (var next in _client.ReadAsync(_stop.Token))
        {
            _frames.Add(ChaosFrame.Of(next.FirstSeq, next.Seq, next.Message.Type, next.Data));
            Look(next.Seq);
        }
    }

    private void Look(long seq)
    {
        if (seq >= Interlocked.Read(ref _head))
        {
            _there.TrySetResult();
        }
    }
}
