using System.Globalization;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;
using Netra.Pipeline.Load.Pages;
using Netra.Pipeline.Load.Publishing;
using Netra.Pipeline.Load.Reports;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>A run of a scenario: pages, publishers, and what is found. It is run once.</summary>
internal sealed class ScenarioRun : IAsyncDisposable
{
    private readonly LoadOptions _options;
    private readonly PageRun _pages;
    private readonly PublisherRun _publishing;
    private readonly PublishedStream[] _streams;
    private readonly EventPublisher[] _publishers;
    private readonly ServerProcess? _server;
    private readonly List<SeriesLine> _series = [];
    private readonly long _begun = MonotonicClock.Now;
    private LoadSnapshot _last;

    public ScenarioRun(LoadOptions options)
    {
        if (options.Target.Users.Count is > 0 and var known && known < options.Users)
        {
            throw new LoadFailedException($"--users is {options.Users}, but --user-tokens names {known}.");
        }

        _options = options;
        _server = options.ServerPid is { } pid ? new ServerProcess(pid) : null;
        _pages = new PageRun(options.Target, Findings)
        {
            Patience = options.Patience,
            IsServerPaced = options.Source == EventSource.Server,
            ServerEvents = options.Source == EventSource.Server ? options.Events : 0,
            Interval = options is { Source: EventSource.Server, Rate: > 0 } ? (long)(1e9 / options.Rate) : 0,
            Users = Users,
        };
        _publishing = new PublisherRun(options.Target, Findings) { HasKeys = options.HasKeys, Patience = options.Patience };
        _streams = options.Source is EventSource.Server or EventSource.None
            ? []
            : [.. Enumerable.Range(0, options.Users).Select(Stream)];
        _publishers = _streams.Length == 0
            ? []
            : [.. Enumerable.Range(0, Math.Min(options.Publishers, options.Users)).Select(Publisher)];
        Fleet = new PageFleet(_pages, [.. Enumerable.Range(0, Users * Math.Max(1, options.Devices)).Select(Page)])
        {
            ExpectsEnds = options.ExpectsEnds,
        };
    }

    /// <summary>What is wrong.</summary>
    public Findings Findings { get; } = new();

    /// <summary>The pages.</summary>
    public PageFleet Fleet { get; }

    /// <summary>The publishers.</summary>
    public IReadOnlyList<EventPublisher> Publishers => _publishers;

    /// <summary>How the run stands.</summary>
    public LoadSnapshot Snapshot()
    {
        var now = MonotonicClock.Now;
        var (published, received) = (_streams.Sum(static stream => stream.Published), Fleet.Received);
        var seconds = Math.Max(0.001, (now - _last.At) / 1e9);
        return _last = new LoadSnapshot(
            now,
            MonotonicClock.Since(_begun),
            Fleet.Open,
            published,
            received,
            _last.At == 0 ? 0 : (published - _last.Published) / seconds,
            _last.At == 0 ? 0 : (received - _last.Received) / seconds,
            _pages.Latency.TakeInterval(),
            _server?.ResidentBytes,
            Findings.Any);
    }

    /// <summary>Runs it.</summary>
    /// <param name="watch">Is shown how it stands, once a second, from one thread.</param>
    /// <param name="cancellationToken">Ends it early; what was published until then is waited for.</param>
    public async Task<LoadResult> RunAsync(Action<LoadSnapshot> watch, CancellationToken cancellationToken)
    {
        var idle = _server?.ResidentBytes;
        var cpu = _server?.CpuMicroseconds;
        var begun = MonotonicClock.Now;
        var connecting = _options.Devices > 0 ? await ConnectAsync(cancellationToken) : TimeSpan.Zero;
        var connected = _server?.ResidentBytes;
        var connectingCpu = _server?.CpuMicroseconds - cpu;
        if (_streams.Length > 0)
        {
            // Where the server makes the events, they come from the first connection on; where none come, connecting is what is measured.
            (cpu, begun) = (_server?.CpuMicroseconds, MonotonicClock.Now);
        }

        using var stop = new CancellationTokenSource();
        var watching = WatchAsync(watch, stop.Token);
        var disturbing = DisturbAsync(stop.Token);
        if (Fleet.Open > 0 || _options.Devices == 0)
        {
            try
            {
                await (_streams.Length > 0 ? PublishAsync(cancellationToken) : HoldAsync(cancellationToken));
            }
            catch (OperationCanceledException)
            {
                // Ended early: what was published is waited for, and what the server would have made is not.
                _pages.ServerEvents = 0;
            }
        }

        var publishing = MonotonicClock.Since(begun);
        var publishingCpu = _server?.CpuMicroseconds - cpu;
        await stop.CancelAsync();
        await disturbing;
        _options.Disturbance?.Calm(this);
        if (_options.Devices == 0 && _streams.Length > 0)
        {
            connecting = await ConnectAsync(CancellationToken.None);
            connected = _server?.ResidentBytes;
        }

        await Fleet.WaitAsync(IsComplete, _options.Patience, CancellationToken.None);
        var took = MonotonicClock.Since(begun);
        await watching;
        var resident = (idle, connected, _server?.ResidentBytes);
        cpu = _server?.CpuMicroseconds - cpu;
        var ends = new SortedDictionary<string, long>(Fleet.Ends, StringComparer.Ordinal);
        Fleet.TellWhoIsAway();

        // What the server had sent before it answered the goodbyes belongs to the run.
        await Fleet.CloseAsync(CancellationToken.None);
        var result = Result(connecting, publishing, took, resident, cpu, ends) with
        {
            PublishingCpuMicroseconds = publishingCpu,
            ConnectingCpuMicroseconds = connectingCpu,
        };
        return _options.AwaitsEviction
            ? result with { Eviction = await StreamEviction.AwaitAsync(_options, _server, CancellationToken.None) }
            : result;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _publishers)
        {
            await publisher.DisposeAsync();
        }

        await Fleet.DisposeAsync();
    }

    // Users who have pages, spread evenly over all of them.
    private int Users => _options.Devices > 0 ? _options.Users : Math.Min(_options.Users, _options.Readers);

    private int Stride => _options.Users / Users;

    private bool IsRead(int user) => user % Stride == 0 && user / Stride < Users;

    private string UserName(int user) => string.Create(CultureInfo.InvariantCulture, $"{_options.Target.RunName}-{user}");

    private string UserId(int user) => _options.Target.Users.Count > 0 ? _options.Target.Users[user].Id : UserName(user);

    private PublishedStream Stream(int user)
        => new(UserId(user), UserName(user), IsRead(user) ? Math.Max(1, _options.Devices) : 0, Findings);

    private LoadPage Page(int index)
    {
        var user = User(index);
        return _options.Target.Protocol switch
        {
            LoadProtocol.Netra => new NetraPage(_pages, index, user, UserId(user), _streams.Length > 0 ? _streams[user] : null)
            {
                ReadsAll = _options.Devices == 0,
            },
            LoadProtocol.Plain => new PlainPage(_pages, index),
            LoadProtocol.SignalR => new SignalRPage(_pages, index),
            LoadProtocol.SocketIo => new SocketIoPage(_pages, index),
            _ => throw new ArgumentOutOfRangeException(nameof(index), _options.Target.Protocol, "no such protocol"),
        };
    }

    private int User(int page) => page % Users * Stride;

    private EventPublisher Publisher(int index)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"publisher {index}");
        return _options.Source == EventSource.Single ? new SinglePublisher(name, _publishing) : new NdjsonPublisher(name, _publishing);
    }

    private bool IsComplete() => _streams.Length > 0
        ? Array.TrueForAll(_streams, static stream => stream.IsComplete)
        : Fleet.Pages.All(page => page.Received >= _pages.ServerEvents);

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_publishers.Select((publisher, index) => Task.Run(
            async () =>
            {
                var mine = _streams.Where((_, user) => user % _publishers.Length == index).ToArray();
                try
                {
                    try
                    {
                        await new PublishingPace(_options, mine, publisher).RunAsync(cancellationToken);
                    }
                    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                    {
                        // Ended early.
                    }

                    await publisher.CompleteAsync(CancellationToken.None);
                }
                catch (LoadFailedException) when (Findings.Any)
                {
                    // What is wrong was found; the others go on.
                }
            },
            CancellationToken.None)));
    }

    private async Task<TimeSpan> ConnectAsync(CancellationToken cancellationToken)
    {
        var begun = MonotonicClock.Now;
        try
        {
            return await Fleet.ConnectAsync(_options.ConnectRate, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Ended early: the pages that are open see nothing more.
            return MonotonicClock.Since(begun);
        }
    }

    // The server makes the events, or none come.
    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        if (_pages.ServerEvents > 0)
        {
            await Fleet.WaitAsync(IsComplete, _options.Patience, cancellationToken);
        }
        else
        {
            await Task.Delay(_options.Duration, TimeProvider.System, cancellationToken);
        }
    }

    private async Task DisturbAsync(CancellationToken cancellationToken)
    {
        if (_options.Disturbance is not { } disturbance)
        {
            return;
        }

        try
        {
            await disturbance.RunAsync(this, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Everything is published.
        }
    }

    private async Task WatchAsync(Action<LoadSnapshot> watch, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        var nextLine = _options.SeriesEvery;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var snapshot = Snapshot();
                watch(snapshot);
                if (_options.HasSeries && snapshot.Elapsed >= nextLine)
                {
                    nextLine += _options.SeriesEvery;
                    _series.Add(new SeriesLine(snapshot, _pages.Latency.TakePeriod(), _server?.CpuMicroseconds));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Everything is published.
        }
    }

    private LoadResult Result(
        TimeSpan connecting, TimeSpan publishing, TimeSpan took, (double? Before, double? Connected, double? After) resident, double? cpu,
        IReadOnlyDictionary<string, long> ends)
    {
        foreach (var page in Fleet.Pages)
        {
            page.Complete();
        }

        var pages = Fleet.Pages.OfType<NetraPage>().ToArray();
        return new LoadResult(_options, Findings)
        {
            Connecting = connecting,
            Publishing = publishing,
            Took = took,
            Published = _streams.Sum(static stream => stream.Published),
            Received = Fleet.Received,
            BytesRead = Fleet.BytesRead,
            Receipts = new SortedDictionary<string, long>(_publishing.Receipts, StringComparer.Ordinal),
            Ends = ends,
            Redelivered = pages.Sum(static page => page.Redelivered),
            Errors = pages.Sum(static page => page.Errors),
            Resumed = pages.Sum(static page => page.Resumed),
            PublisherReconnects = _publishing.Reconnects,
            Latency = _pages.Latency.TakeTotal(),
            Lateness = _pages.Lateness.TakeTotal(),
            DisturbedLatency = _pages.DisturbedLatency.TakeTotal(),
            ReceiptTimes = _publishing.ReceiptTimes.TakeTotal(),
            ConnectTimes = Fleet.ConnectTimes.TakeTotal(),
            ServerCpuMicroseconds = cpu,
            ResidentBefore = resident.Before,
            ResidentConnected = resident.Connected,
            ResidentAfter = resident.After,
            ResidentPeak = _server?.PeakResidentBytes,
            Series = _series,
        };
    }
}
