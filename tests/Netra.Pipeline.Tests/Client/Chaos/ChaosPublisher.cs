using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Netra.Pipeline.Client.Publishing;

namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>A publisher of the chaos on the .NET client: runs one after the other, until it is told to end.</summary>
internal sealed class ChaosPublisher : IAsyncDisposable
{
    private const int Tokens = 8;

    private readonly string _name;
    private readonly PipelinePublisher _publisher;
    private readonly CancellationTokenSource _over = new();
    private readonly List<(string Key, string User, Task<PublishReceipt> Receipt)> _pending = [];
    private readonly ConcurrentQueue<string> _rejected = new();
    private readonly Task _publishing;

    public ChaosPublisher(Uri address, string name, IReadOnlyList<string> users, TimeSpan pause)
    {
        _name = name;
        _publisher = new PipelinePublisher(new PublisherOptions
        {
            Address = address,
            FirstPause = TimeSpan.FromMilliseconds(50),
            LongestPause = TimeSpan.FromSeconds(1),
            AnswerTimeout = TimeSpan.FromSeconds(3),
            Rejected = rejection => _rejected.Enqueue($"{_name}: {rejection.Message}"),
        });
        _publishing = PublishAsync(users, pause);
    }

    /// <summary>What was refused for good.</summary>
    public IEnumerable<string> Rejected => _rejected;

    /// <summary>Comes to the end of its run, and has all receipts.</summary>
    public async Task<IReadOnlyList<(string Key, string User, long Seq)>> EndAsync(TimeSpan patience)
    {
        await _over.CancelAsync();
        await _publishing.WaitAsync(patience, TimeProvider.System);
        await _publisher.FlushAsync().WaitAsync(patience, TimeProvider.System);
        var receipts = new List<(string Key, string User, long Seq)>();
        foreach (var (key, user, receipt) in _pending)
        {
            receipts.Add((key, user, (await receipt).Seq));
        }

        return receipts;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _publisher.DisposeAsync();
        await _publishing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task PublishAsync(IReadOnlyList<string> users, TimeSpan pause)
    {
        for (var number = 0; !_over.IsCancellationRequested; number++)
        {
            var (run, user) = ($"{_name}-{number}", users[number % users.Count]);
            await SendAsync(0, "agent_started", new JsonObject { ["agent_name"] = _name, ["metadata"] = Key(0), ["lease_ms"] = 600_000 });
            for (var part = 1; part <= Tokens; part++)
            {
                await SendAsync(part, "token", new JsonObject { ["delta"] = $"{run}.{part};" });
            }

            await SendAsync(Tokens + 1, "custom", new JsonObject { ["name"] = "key", ["value"] = $"{run}.{Tokens + 1}" });
            await SendAsync(Tokens + 2, "agent_completed", new JsonObject { ["agent_name"] = _name, ["metadata"] = Key(Tokens + 2) });

            JsonObject Key(int part) => new() { ["key"] = $"{run}.{part}" };

            async Task SendAsync(int part, string type, JsonObject data)
            {
                var key = $"{run}.{part}";
                var published = new PublishEvent(user, "chaos", run, type, data) { Attempt = 1, IdempotencyKey = key };
                _pending.Add((key, user, await _publisher.EnqueueAsync(published)));
                await Task.Delay(pause, TimeProvider.System, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
