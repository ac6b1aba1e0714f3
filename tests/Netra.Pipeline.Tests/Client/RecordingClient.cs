using Microsoft.Extensions.Logging;
using Netra.Pipeline.Client;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client;

/// <summary>
/// An <see cref="EventClient"/> that reads, and what it was told. Disposing ends reading, and asserts that it has not failed.
/// </summary>
internal sealed class RecordingClient : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<AgentEvent> _handled = [];
    private readonly List<LostEvents> _lost = [];
    private readonly List<ClientState> _states = [];
    private readonly List<Recovery> _recoveries = [];
    private readonly List<ErrorMessage> _errors = [];
    private readonly List<IncompleteRun> _incomplete = [];
    private readonly Task _reading;
    private int _resets;

    /// <param name="address">Where the server is.</param>
    /// <param name="userId">Who reads; null where a token says it.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="handle">What the application does with an event, besides keeping it. By default nothing.</param>
    /// <param name="logs">Where it logs.</param>
    public RecordingClient(
        Uri address,
        string? userId = "ada",
        Func<EventClientOptions, EventClientOptions>? configure = null,
        Func<AgentEvent, CancellationToken, ValueTask>? handle = null,
        ILoggerFactory? logs = null)
    {
        var options = new EventClientOptions
        {
            Address = address,
            UserId = userId,
            Start = EventStart.Beginning,
            FirstPause = TimeSpan.FromMilliseconds(50),
            LongestPause = TimeSpan.FromMilliseconds(500),
        };
        options = configure?.Invoke(options) ?? options;
        Client = new EventClient(Observed(options), logs);
        _reading = Client.RunAsync(
            async (next, cancellationToken) =>
            {
                if (handle is not null)
                {
                    await handle(next, cancellationToken);
                }

                Change(() => _handled.Add(next));
            },
            _stop.Token);
    }

    public EventClient Client { get; }

    /// <summary>Ends when reading has.</summary>
    public Task Reading => _reading;

    public IReadOnlyList<AgentEvent> Handled => Copy(_handled);

    /// <summary>The numbers that were handled, of each joined frame all of them.</summary>
    public IReadOnlyList<long> Numbers =>
    [
        .. Handled.SelectMany(static one => Enumerable.Range(0, (int)(one.Seq - one.FirstSeq + 1)).Select(i => one.FirstSeq + i))
    ];

    public IReadOnlyList<LostEvents> Lost => Copy(_lost);

    public IReadOnlyList<ClientState> States => Copy(_states);

    public IReadOnlyList<Recovery> Recoveries => Copy(_recoveries);

    public IReadOnlyList<ErrorMessage> Errors => Copy(_errors);

    public IReadOnlyList<IncompleteRun> Incomplete => Copy(_incomplete);

    public int Resets => Volatile.Read(ref _resets);

    public Task WhenConnectedAsync() => WhenAsync(() => Client.State.Status == ClientStatus.Connected, "the client is connected");

    public Task WhenHandledAsync(int count) => WhenAsync(() => Handled.Count >= count, $"{count} events are handled");

    public Task WhenAsync(Func<bool> condition, string what)
        => Eventually.BecomesTrueAsync(
            () => _reading.IsFaulted ? throw new AssertionException($"Reading has failed: {_reading.Exception}") : condition(),
            $"{what}; {Handled.Count} events are handled, the client is {Client.State}");

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _reading.WaitAsync(TestClient.Patience, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Client.DisposeAsync();
        _stop.Dispose();
    }

    private EventClientOptions Observed(EventClientOptions options) => options with
    {
        StateChanged = state =>
        {
            Change(() => _states.Add(state));
            options.StateChanged?.Invoke(state);
        },
        EventsLost = lost => Change(() => _lost.Add(lost)),
        Recovered = recovery => Change(() => _recoveries.Add(recovery)),
        HistoryReset = () => Change(() => _resets++),
        ErrorReceived = error => Change(() => _errors.Add(error)),
        RunIncomplete = run => Change(() => _incomplete.Add(run)),
    };

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }
    }

    private IReadOnlyList<T> Copy<T>(List<T> list)
    {
        lock (_gate)
        {
            return [.. list];
        }
    }
}
