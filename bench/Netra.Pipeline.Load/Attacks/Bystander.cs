using System.Globalization;
using System.Net.WebSockets;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;
using Netra.Pipeline.Load.Verify;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>
/// Who keeps to the protocol while others do not: a page, and a publisher that says something to it every 40 ms by one request. How late it
/// comes counts from when it was due. One owner; its loops run beside it.
/// </summary>
internal sealed class Bystander : IAsyncDisposable
{
    private const string RunId = "bystander";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _ended = new();
    private readonly LatencyRecorder _latency = new();
    private readonly Page _page;
    private readonly AttackConnection _publisher;
    private readonly string _userId;
    private Task _loops = Task.CompletedTask;
    private int _sent;
    private int _received;

    private Bystander(Page page, AttackConnection publisher)
        => (_page, _publisher, _userId) = (page, publisher, page.Welcome.UserId);

    /// <summary>What has happened to it that must not happen; null when nothing has.</summary>
    public string? Problem { get; private set; }

    /// <summary>How many events have not come yet.</summary>
    public int Missing => Volatile.Read(ref _sent) - Volatile.Read(ref _received);

    /// <summary>Opens its page and its request, and begins.</summary>
    public static async Task<Bystander> OpenAsync(AttackTarget target, CancellationToken cancellationToken)
    {
        var userId = target.Bystander;
        var credential = await target.CredentialOfAsync(userId, cancellationToken);
        var address = new UriBuilder(target.Url)
        {
            Scheme = target.Url.Scheme == Uri.UriSchemeHttps ? "wss" : "ws",
            Path = "/ws",
            Query = $"user_id={Uri.EscapeDataString(userId)}",
        };
        var page = await Page.OpenAsync(address.Uri, credential, resume: null, cancellationToken);
        var publisher = await target.ConnectAsync(cancellationToken);
        var bystander = new Bystander(page, publisher);
        await publisher.SendAsync(target.PublishHead("application/x-ndjson", "Transfer-Encoding: chunked\r\n"), cancellationToken);
        if (await publisher.ReadStatusAsync(cancellationToken) is not 200 and var status)
        {
            throw new LoadFailedException($"the well-behaved client cannot publish: {status}");
        }

        bystander._loops = Task.WhenAll(
            bystander.ObserveAsync(bystander.PublishAsync), bystander.ObserveAsync(bystander.ReadAsync), publisher.DrainAsync(
                bystander._ended.Token));
        return bystander;
    }

    /// <summary>How late it was served since this was asked last.</summary>
    public LatencySummary TakePeriod() => _latency.TakePeriod();

    /// <summary>Waits until all has come that was sent until now, for as long as is patient.</summary>
    public async Task<bool> CatchUpAsync(CancellationToken cancellationToken)
    {
        var (sent, begun) = (Volatile.Read(ref _sent), TimeProvider.System.GetTimestamp());
        while (Volatile.Read(ref _received) < sent && TimeProvider.System.GetElapsedTime(begun) < Patience)
        {
            await Task.Delay(Interval, TimeProvider.System, cancellationToken);
        }

        return Volatile.Read(ref _received) >= sent;
    }

    public async ValueTask DisposeAsync()
    {
        // No run stays open.
        await _publisher.TrySendAsync(Chunk("agent_completed", """{"agent_name":"attack"}"""), CancellationToken.None);
        await _ended.CancelAsync();
        await _loops;
        await _page.DisposeAsync();
        await _publisher.DisposeAsync();
        _ended.Dispose();
    }

    private async Task ObserveAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_ended.Token);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // It is over.
        }
        catch (Exception exception)
            when (exception is WebSocketException or IOException or CheckFailedException or ProtocolViolationException)
        {
            Problem ??= exception.Message;
        }
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        await SendAsync("agent_started", """{"agent_name":"attack"}""");
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var delta = MonotonicClock.Now.ToString(CultureInfo.InvariantCulture);
            Interlocked.Increment(ref _sent);
            await SendAsync("token", $$"""{"delta":"{{delta}}"}""");
        }

        async Task SendAsync(string type, string data)
        {
            if (!await _publisher.TrySendAsync(Chunk(type, data), cancellationToken))
            {
                throw new IOException("the server has cut its request");
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var message = await _page.ReadEventAsync(RunId, cancellationToken);
            if (message.Data.TryGetProperty("delta", out var delta)
                && long.TryParse(delta.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var due))
            {
                _latency.Record(MonotonicClock.Now - due);
                if (Interlocked.Increment(ref _received) % 25 == 0)
                {
                    await _page.AcknowledgeAsync(cancellationToken);
                }
            }
        }
    }

    private byte[] Chunk(string type, string data) => Chunks.Of(AttackTarget.Event(_userId, RunId, type, data) + "\n");
}
