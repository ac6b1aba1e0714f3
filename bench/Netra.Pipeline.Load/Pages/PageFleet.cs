using System.Collections.Concurrent;
using System.Net.Sockets;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Pages;

/// <summary>
/// The pages of a run: connects them, gives them time, and connects those again whose connection has ended, as pages do. Connects and ends
/// may be asked for from any thread.
/// </summary>
internal sealed class PageFleet : IAsyncDisposable
{
    private const int ConnectsAtOnce = 128;
    private const int SmallFleet = 2_000;
    private const int LargeBuffer = 64 * 1024;
    private const int SmallBuffer = 4 * 1024;
    private const int ServiceRestart = 1012;
    private const int Unresponsive = 4410;
    private const int Unconfirmed = 4412;
    private const int MaxReasons = 100;
    private const int MaxAbandoned = 1_000;
    private const string OtherReasons = "other reasons";

    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);

    // A page waits before it comes back, each a time of its own.
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(1);

    private readonly PageRun _run;
    private readonly LoadPage[] _pages;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _returning = new();
    private readonly SemaphoreSlim _connects = new(ConnectsAtOnce);
    private readonly ConcurrentQueue<WebSocketClient> _abandoned = new();
    private readonly Task _ticking;
    private readonly HttpClient _http;
    private long _gone;

    /// <param name="run">What the pages share.</param>
    /// <param name="pages">The pages.</param>
    public PageFleet(PageRun run, LoadPage[] pages)
    {
        (_run, _pages) = (run, pages);
        run.OnEnded = OnEnded;
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = ServerTrust.Options(host: null, run.Target.IsInsecure) })
        {
            BaseAddress = run.Target.Url,
            Timeout = TickEvery * 5,
        };
        _ticking = Task.Run(TickAsync);
    }

    /// <summary>The pages.</summary>
    public IReadOnlyList<LoadPage> Pages => _pages;

    /// <summary>From the first packet of a connection until its conversation is open.</summary>
    public LatencyRecorder ConnectTimes { get; } = new();

    /// <summary>From the end of a conversation until the page's next one is open.</summary>
    public LatencyRecorder AwayTimes { get; } = new();

    /// <summary>When the pages were back, each time.</summary>
    public ConcurrentQueue<long> Returned { get; } = new();

    /// <summary>When pages were to come back, where the server had said so.</summary>
    public ConcurrentQueue<long> Due { get; } = new();

    /// <summary>How many pages went by themselves, since they were asked to.</summary>
    public long Gone => Interlocked.Read(ref _gone);

    /// <summary>How many conversations are open.</summary>
    public int Open => _pages.Count(static page => page.IsOpen);

    /// <summary>How many connections have ended, by the reason that the page saw.</summary>
    public ConcurrentDictionary<string, long> Ends { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether pages come back by themselves after an ending.</summary>
    public bool Returns { get; set; } = true;

    /// <summary>Whether an ending by the server is a failure of the server.</summary>
    public bool ExpectsEnds { get; set; }

    /// <summary>How many events have come.</summary>
    public long Received
    {
        get
        {
            var received = 0L;
            foreach (var page in _pages)
            {
                received += page.Received;
            }

            return received;
        }
    }

    /// <summary>How many bytes have come over the sockets, the headers of frames included.</summary>
    public long BytesRead => _pages.Sum(static page => page.BytesOfEnded + (page.Client?.BytesRead ?? 0));

    /// <summary>Opens a connection of each page.</summary>
    /// <param name="perSecond">At most how many are begun in a second; 0 for as fast as they open.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>How long it took until the last was open.</returns>
    public async Task<TimeSpan> ConnectAsync(double perSecond, CancellationToken cancellationToken)
    {
        var begun = MonotonicClock.Now;
        var connecting = new List<Task>(_pages.Length);
        try
        {
            for (var i = 0; i < _pages.Length; i++)
            {
                if (perSecond > 0)
                {
                    var early = TimeSpan.FromSeconds(i / perSecond) - MonotonicClock.Since(begun);
                    if (early > TimeSpan.Zero)
                    {
                        await Task.Delay(early, TimeProvider.System, cancellationToken);
                    }
                }

                // With a pace, a connection counts from when it was due: a server that lets them wait does not hide it.
                var due = perSecond > 0 ? begun + (long)(i / perSecond * MonotonicClock.NanosecondsPerSecond) : 0;
                await _connects.WaitAsync(cancellationToken);
                connecting.Add(ConnectHeldAsync(_pages[i], due, cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(connecting);
        }

        return MonotonicClock.Since(begun);
    }

    /// <summary>A page's network is gone: the server is told nothing, and the page comes back over another one.</summary>
    public void Abandon(LoadPage page)
    {
        if (page is { IsOpen: true, Client: { } client })
        {
            if (!client.Abandon())
            {
                // It has just ended by itself, and the page knows.
                return;
            }

            _abandoned.Enqueue(client);
            if (_abandoned.Count > MaxAbandoned && _abandoned.TryDequeue(out var oldest))
            {
                oldest.Dispose();
            }

            page.OnEnded(new ClientEnd(ClientEndCause.Client, CloseCode: null, "abandoned"));
        }
    }

    /// <summary>Waits until a condition holds, as long as something still moves.</summary>
    /// <param name="isDone">The condition.</param>
    /// <param name="patience">How long nothing may come before it is given up.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Whether the condition holds.</returns>
    public async Task<bool> WaitAsync(Func<bool> isDone, TimeSpan patience, CancellationToken cancellationToken)
    {
        var (received, at) = (Received, MonotonicClock.Now);
        while (!isDone())
        {
            if (Received is var now && now != received)
            {
                (received, at) = (now, MonotonicClock.Now);
            }
            else if (MonotonicClock.Since(at) > patience)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }

        return true;
    }

    /// <summary>Waits until every conversation is open.</summary>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task WaitForAllAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var begun = MonotonicClock.Now;
        while (Open < _pages.Length && MonotonicClock.Since(begun) < patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Finds the pages that are not open, and were refused when they came back.</summary>
    public void TellWhoIsAway()
    {
        foreach (var page in _pages)
        {
            if (page is { IsOpen: false, Refusal: { } refusal })
            {
                _run.Findings.Add(FindingKind.Refused, page.Where, $"not back: {refusal}");
            }
        }
    }

    /// <summary>Says goodbye on every connection, and waits for the server's answers.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        Returns = false;
        foreach (var page in _pages)
        {
            page.Client?.Close();
        }

        var begun = MonotonicClock.Now;
        while (Open > 0 && MonotonicClock.Since(begun) < GoodbyeTimeout)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }

        // Nothing more is told to a page that is being judged.
        foreach (var page in _pages)
        {
            page.Client?.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Returns = false;
        await _stop.CancelAsync();
        await _ticking;
        await Task.WhenAll(_returning.Keys);
        foreach (var client in _abandoned.Concat(_pages.Select(static page => page.Client).OfType<WebSocketClient>()))
        {
            client.Dispose();
        }

        _stop.Dispose();
        _connects.Dispose();
        _http.Dispose();
    }

    private async Task ConnectHeldAsync(LoadPage page, long due, CancellationToken cancellationToken)
    {
        try
        {
            if (await ConnectAsync(page, due, cancellationToken) is { } refusal)
            {
                _run.Findings.Add(FindingKind.Refused, page.Where, refusal);
            }
        }
        finally
        {
            _connects.Release();
        }
    }

    // Null when it is open, else why it is not.
    private async Task<string?> ConnectAsync(LoadPage page, long due, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(ConnectTimeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var begun = due > 0 ? due : MonotonicClock.Now;
        page.BeginConnection();
        try
        {
            var buffer = _pages.Length <= SmallFleet ? LargeBuffer : SmallBuffer;
            await WebSocketClient.ConnectAsync(page.NextAddress(), page, buffer, either.Token);
            await page.Opened.WaitAsync(either.Token);
            ConnectTimes.Record(MonotonicClock.Now - begun);
            return null;
        }
        catch (Exception exception) when (exception is SocketException or HandshakeRefusedException or IOException)
        {
            return exception.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            page.Client?.Dispose();
            return $"not open within {ConnectTimeout.TotalSeconds} s";
        }
    }

    // Called under the page's lock: what takes time goes elsewhere.
    private void OnEnded(LoadPage page, ClientEnd end)
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        Ends.AddOrUpdate(Ends.Count < MaxReasons ? end.Reason : OtherReasons, 1, static (_, count) => count + 1);
        if (end.By == ClientEndCause.BrokenServer)
        {
            _run.Findings.Add(FindingKind.Unreadable, page.Where, end.Reason);
        }
        else if (end.By == ClientEndCause.Server && !IsExpected(page, end))
        {
            _run.Findings.Add(FindingKind.Ended, page.Where, $"{end.Reason} ({_run.Findings.At(MonotonicClock.Now)})");
        }

        if (Returns)
        {
            var returning = Task.Run(() => ReturnAsync(page));
            _returning.TryAdd(returning, true);
            _ = returning.ContinueWith(
                done => _returning.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    // A server that stops says so. One that ends a page that was disturbed may have a reason, but not every reason: none that accuses the
    // page of what it has not done, or that is the server's own fault.
    private bool IsExpected(LoadPage page, ClientEnd end)
        => end.CloseCode == ServiceRestart
            || (ExpectsEnds && end.CloseCode is null or Unresponsive or Unconfirmed)
            || (page.IsDisturbed && end.CloseCode is null or Unresponsive or Unconfirmed);

    private async Task ReturnAsync(LoadPage page)
    {
        var begun = MonotonicClock.Now;
        string? refusal = null;
        try
        {
            while (Returns)
            {
                await Task.Delay(PauseOf(page), TimeProvider.System, _stop.Token);
                await _connects.WaitAsync(_stop.Token);
                try
                {
                    refusal = await ConnectAsync(page, due: 0, _stop.Token);
                    page.Refusal = refusal;
                }
                finally
                {
                    _connects.Release();
                }

                if (refusal is null)
                {
                    AwayTimes.Record(MonotonicClock.Now - page.EndedAt);
                    Returned.Enqueue(MonotonicClock.Now);
                    return;
                }

                if (MonotonicClock.Since(begun) > _run.Patience)
                {
                    _run.Findings.Add(FindingKind.Refused, page.Where, $"not back within {_run.Patience.TotalSeconds} s: {refusal}");
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // What a server has answered must not leave a page behind without a word.
            _run.Findings.Add(FindingKind.Unreadable, page.Where, $"the page could not come back: {exception.Message}");
        }
    }

    // The server's own word for the first pause, where it gave one.
    private TimeSpan PauseOf(LoadPage page)
    {
        var (due, asked) = (page.GoesAt, TimeSpan.FromMicroseconds((page.GoesAt - MonotonicClock.Now) / 1_000));
        page.GoesAt = 0;
        if (asked <= TimeSpan.Zero)
        {
            return MaxPause * Random.Shared.NextDouble();
        }

        Due.Enqueue(due);
        return asked;
    }

    // Pages that were asked to go do it when there is a server that takes them (protocol, 7.1). One asks for all of them.
    private async Task LetGoAsync(long now)
    {
        var due = _pages.Where(page => page is { IsOpen: true, GoesAt: > 0 } && page.GoesAt <= now).ToList();
        if (due.Count == 0 || !await IsReadyAsync())
        {
            return;
        }

        foreach (var page in due)
        {
            page.Client?.Close();
            Interlocked.Increment(ref _gone);
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync($"{_run.Target.Url.AbsolutePath.TrimEnd('/')}/readyz", _stop.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            // Nobody answers.
            return false;
        }
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TickEvery, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                var now = MonotonicClock.Now;
                foreach (var page in _pages)
                {
                    page.Client?.Tick(now);
                }

                await LetGoAsync(now);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
