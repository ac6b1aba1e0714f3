using System.Diagnostics;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;

namespace Netra.Pipeline.CostHost;

/// <summary>
/// Emits the peers' workload, <c>token</c> events of 80 characters, as an agent in this process would: to the users <c>user-0</c>,
/// <c>user-1</c>, …, with one emitter each for as long as the process lives. One call at a time.
/// </summary>
internal sealed class TokenLoad(EventEmitterFactory emitters, UserExecutionContextFactory contexts) : IAsyncDisposable
{
    private const int Slices = 8;
    private static readonly string Text = new('x', 80);
    private readonly List<EventEmitter> _open = [];

    /// <summary>Emits, and waits until all of it is stored.</summary>
    /// <param name="users">How many users.</param>
    /// <param name="events">How many events for each.</param>
    /// <param name="interval">Milliseconds from one event of a user to the next, 8 or more; 0 for as fast as they are taken.</param>
    public async Task EmitAsync(int users, int events, int interval)
    {
        // The request's own trace would travel in every event.
        Activity.Current = null;
        while (_open.Count < users)
        {
            _open.Add(await emitters.CreateEmitterAsync(contexts.Create($"user-{_open.Count}", "t1", "r1")));
        }

        var receipts = interval == 0
            ? await Task.WhenAll(_open.Select(emitter => Task.Run(() => BurstAsync(emitter, events))))
            : await PacedAsync(events, TimeSpan.FromMilliseconds(interval));
        foreach (var receipt in receipts)
        {
            await receipt.WhenStoredAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var emitter in _open)
        {
            await emitter.DisposeAsync();
        }
    }

    private static async Task<EventReceipt> BurstAsync(EventEmitter emitter, int events)
    {
        EventReceipt last = default;
        for (var i = 0; i < events; i++)
        {
            last = await emitter.TokenAsync(Text);
        }

        return last;
    }

    // An interval is cut in slices, each with its share of the users, so that the load is even.
    private async Task<EventReceipt[]> PacedAsync(int events, TimeSpan interval)
    {
        var last = new EventReceipt[_open.Count];
        using var timer = new PeriodicTimer(interval / Slices, TimeProvider.System);
        for (var turn = 0; turn < events * Slices; turn++)
        {
            await timer.WaitForNextTickAsync();
            for (var user = turn % Slices; user < _open.Count; user += Slices)
            {
                last[user] = await _open[user].TokenAsync(Text);
            }
        }

        return last;
    }
}
