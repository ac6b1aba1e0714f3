using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Sqlite;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// What a row of the catalogue happens to: a real server process on a folder of its own, pages and publishers that are well, and a probe
/// that says when the service is back. At the end it judges: no page was ended, no run failed, nothing was lost, doubled or reordered, no
/// alert is false, everything is accounted for. Its members may be used from several tasks.
/// </summary>
internal sealed class HarmBench : IAsyncDisposable
{
    private const string ProbeUser = "probe";
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SuccessorStart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private static readonly SemaphoreSlim Starting = new(3, 3);

    private readonly Lock _gate = new();
    private readonly List<HealthyPage> _pages = [];
    private readonly List<IDisposable> _kept = [];
    private readonly Dictionary<string, List<long>> _receipts = [];
    private readonly HashSet<(string User, string Run)> _runs = [];
    private readonly List<string> _complaints = [];
    private readonly List<string> _figures = [];
    private readonly SmallDisk? _disk;
    private readonly HttpClient _http;
    private ServerProcess _server = null!;
    private HealthyPage _probe = null!;
    private long _comingBy;
    private int _keys;
    private int _probes;
    private int _restarts;
    private volatile bool _isDown;

    private HarmBench(Harm harm)
    {
        Harm = harm;
        _disk = harm.Disk is { } options ? SmallDisk.Mount(options) : null;
        Folder = _disk is not null ? Path.Combine(_disk.Path, "data") : Directory.CreateTempSubdirectory("netra-harm-").FullName;
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1) })
        {
            Timeout = TimeSpan.FromMinutes(20),
        };
    }

    public Harm Harm { get; }

    public string Folder { get; }

    public int Port { get; private set; }

    /// <summary>Whether the server is down because the row wants it so: endings of pages are none of its faults then.</summary>
    public bool IsDown => _isDown;

    /// <summary>How often the row has taken the server down: the end of a connection that is older is none of its faults either.</summary>
    public int Restarts => Volatile.Read(ref _restarts);

    /// <summary>How long the cause lasts.</summary>
    public static TimeSpan Length(Harm harm) => HarmSettings.IsFull ? harm.Full : harm.Short;

    public TimeSpan Duration => Length(Harm);

    public int Count => HarmSettings.IsFull ? Harm.Count.Full : Harm.Count.Short;

    public ServerProcess Server => _server;

    /// <summary>The disk that can be filled.</summary>
    public SmallDisk Disk => _disk!;

    public static async Task<HarmBench> StartAsync(Harm harm)
    {
        // A start is all processor time, and more of them at once end later than a test has patience for.
        await Starting.WaitAsync();
        var bench = new HarmBench(harm);
        try
        {
            await bench.StartServerAsync(FreePort.Find());
            bench._probe = await bench.OpenAsync(ProbeUser);

            // What is compiled at first use is not to be measured.
            await bench.ProbeAsync();
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
        finally
        {
            Starting.Release();
        }
    }

    /// <summary>The value of a setting that differs between the lengths.</summary>
    public static T Either<T>(T inShort, T inFull) => HarmSettings.IsFull ? inFull : inShort;

    public async Task<HealthyPage> OpenAsync(
        string userId, bool fromNow = false, int? receiveBuffer = null, string? address = null)
    {
        var page = await HealthyPage.OpenAsync(this, userId, fromNow, receiveBuffer, address);
        lock (_gate)
        {
            _pages.Add(page);
        }

        return page;
    }

    public async Task<HealthyPage[]> OpenManyAsync(int count, string prefix = "user-")
    {
        var pages = new HealthyPage[count];
        foreach (var chunk in Enumerable.Range(0, count).Chunk(100))
        {
            await Task.WhenAll(chunk.Select(
                async i => pages[i] = await OpenAsync(string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}"), fromNow: true)));
        }

        return pages;
    }

    /// <summary>A user's page that was opened.</summary>
    public HealthyPage PageOf(string userId)
    {
        lock (_gate)
        {
            return _pages.Find(page => page.UserId == userId)!;
        }
    }

    /// <summary>Everything else that a situation holds on to.</summary>
    public T Keep<T>(T disposable)
        where T : IDisposable
    {
        lock (_gate)
        {
            _kept.Add(disposable);
        }

        return disposable;
    }

    /// <summary>Lets time pass.</summary>
    public static Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    /// <summary>Pages lose their connections, and come back.</summary>
    public static async Task ComeBackAsync(IReadOnlyCollection<HealthyPage> pages)
    {
        await Task.WhenAll(pages.Select(static page => page.DropAsync(TimeSpan.FromMilliseconds(200))));
        await Task.WhenAll(pages.Select(static page => page.WhenAsync(
            () => page is { IsThere: true, Connections: > 1 }, TimeSpan.FromSeconds(20), "the page is back")));
    }

    /// <summary>Publishes one event as a good backend does: under a key, and again until it is answered.</summary>
    /// <returns>Its number.</returns>
    public Task<long> PublishAsync(string userId, string runId, string type, string data = "{}", TimeSpan? patience = null)
        => PublishAsync(Json(userId, runId, type, data), userId, runId, patience ?? Duration + TestClient.Patience);

    /// <summary>Says <c>heartbeat</c>, or <c>waiting</c>.</summary>
    public async Task SignAsync(string userId, string runId, string type, string data = "{}")
    {
        var (status, answer) = await PostAsync(Json(userId, runId, type, data), TestClient.Patience + Duration);
        if (status != HttpStatusCode.OK)
        {
            Complain($"{type} of {userId}/{runId} was answered {(int)status}: {answer}");
        }
    }

    /// <summary>Answers what a run asks.</summary>
    public async Task AnswerAsync(string userId, string runId, string requestId = "q1")
    {
        using var content = new StringContent(AnswerJson(userId, runId, requestId), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(Address("/v1/runs/answer"), content);
        var answer = await response.Content.ReadAsStringAsync();
        if (response.StatusCode == HttpStatusCode.OK)
        {
            Accepted(userId, JsonElement.Parse(answer).Seq());
        }
        else
        {
            Complain($"the answer to {requestId} of {userId}/{runId} was answered {(int)response.StatusCode}: {answer}");
        }
    }

    /// <summary>The answer to what a run asks.</summary>
    public static string AnswerJson(string userId, string runId, string requestId)
        => $$"""{"user_id":"{{userId}}","thread_id":"t1","run_id":"{{runId}}","request_id":"{{requestId}}","value":true}""";

    /// <summary>Begins a run that is well, and must be well at the end.</summary>
    public Task BeginRunAsync(string userId, string runId, int? leaseMs = null)
        => PublishAsync(
            userId,
            runId,
            "agent_started",
            leaseMs is { } lease ? $$"""{"agent_name":"demo","lease_ms":{{lease}}}""" : """{"agent_name":"demo"}""");

    public Task EndRunAsync(string userId, string runId) => PublishAsync(userId, runId, "agent_completed", """{"agent_name":"demo"}""");

    /// <summary>Publishes token after token until it is told to end.</summary>
    /// <returns>How many it published.</returns>
    public async Task<int> PublishTokensAsync(string userId, string runId, TimeSpan pause, CancellationToken until)
    {
        var count = 0;
        while (!until.IsCancellationRequested)
        {
            await PublishAsync(userId, runId, "token", """{"delta":"word "}""");
            count++;
            await Task.Delay(pause, TimeProvider.System, CancellationToken.None);
        }

        return count;
    }

    /// <summary>Publishes a whole run with as many tokens, over one request.</summary>
    public async Task PublishRunAsync(string userId, string runId, int tokens, int bytes = 20)
    {
        await using var lines = await RunLines.OpenAsync(this);
        await lines.SendRunAsync(userId, runId, tokens, bytes);
        await lines.ReadAllAsync();
    }

    /// <summary>Sends bad lines, and reads that they are refused.</summary>
    public async Task SendBadLinesAsync(string line, int count)
    {
        const int AtOnce = 500;
        await using var lines = await RunLines.OpenAsync(this);
        var chunk = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line + "\n", AtOnce)));
        for (var sent = 0; sent < count; sent += AtOnce)
        {
            await lines.SendBadAsync(chunk);
            var answers = await lines.ReadAsync(AtOnce);
            Expect(answers.All(static answer => answer.Text("status") == "rejected"), $"a bad line was answered {answers[0]}");
        }
    }

    /// <summary>Notes that a run is well, whoever publishes it.</summary>
    public void IsWell(string userId, string runId)
    {
        lock (_gate)
        {
            _runs.Add((userId, runId));
        }
    }

    /// <summary>Notes an event that was accepted, whoever published it.</summary>
    public void Accepted(string userId, long seq)
    {
        lock (_gate)
        {
            if (!_receipts.TryGetValue(userId, out var list))
            {
                _receipts[userId] = list = [];
            }

            list.Add(seq);
        }
    }

    public static string Json(string userId, string runId, string type, string data = "{}")
        => $$"""{"user_id":"{{userId}}","thread_id":"t1","run_id":"{{runId}}","type":"{{type}}","data":{{data}}}""";

    /// <summary>Stops the process, as a moved virtual machine is stopped, and lets it go on.</summary>
    public async Task StopProcessAsync(TimeSpan length)
    {
        await _server.SignalAsync("STOP");
        await PassAsync(length);
        await _server.SignalAsync("CONT");
    }

    /// <summary>Holds the lock that the log needs for each commit.</summary>
    public LogLock LockLog() => LogLock.Take(Path.Combine(Folder, "netra.db"));

    /// <summary>
    /// How late the verdicts on the runs that are not well came: <c>agent_failed</c> is due two leases after their request was
    /// last heard of, which began them all.
    /// </summary>
    public async Task<TimeSpan> LatenessOfVerdictsAsync(TimeSpan lease)
    {
        using var database = SqliteDatabase.Open(Path.Combine(Folder, "netra.db"), readOnly: true, TimeSpan.FromSeconds(20));
        var began = TimeProvider.System.GetTimestamp();
        var open = ReadOpen();
        while (open > 0 && TimeProvider.System.GetElapsedTime(began) < TestClient.Patience)
        {
            await PassAsync(TimeSpan.FromMilliseconds(250));
            open = ReadOpen();
        }

        Expect(open == 0, $"{open} runs got no verdict");
        var longest = database.QueryInt64("""
            WITH ends AS (
                SELECT MIN(events.at) AS first, MAX(events.at) AS last FROM runs JOIN events ON events.run = runs.id
                WHERE runs.run LIKE 'sick-%' GROUP BY runs.id)
            SELECT MAX(last) - MAX(first) FROM ends
            """);
        return TimeSpan.FromTicks(longest) - (lease * 2);

        long ReadOpen() => database.QueryInt64("SELECT COUNT(*) FROM runs WHERE terminal_seq = 0 AND run LIKE 'sick-%'");
    }

    /// <summary>Leaves no thread of the pool to the server.</summary>
    public async Task StarveAsync(TimeSpan length)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(HookPath));
        await socket.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalMilliseconds}\n")));
        await socket.ReceiveAsync(new byte[1]);
    }

    /// <summary>Ends the server as an operator does or as a crash does, and starts it again on the same port and folder.</summary>
    public async Task RestartAsync(string signal, TimeSpan? down = null)
    {
        GoDown();
        await _server.SignalAsync(signal);
        await _server.WhenExitedAsync();
        var asked = signal == "TERM" ? In(Window) : 0;
        KeepCritical(_server);
        await _server.DisposeAsync();
        await PassAsync(down ?? TimeSpan.Zero);
        await StartServerAsync(Port);

        // Each is in a pause of its own, and in another one if it came before the server was ready.
        _comingBy = Math.Max(asked, In(HealthyPage.LongestPause * 2));
    }

    /// <summary>Another server takes over the folder and the port.</summary>
    public async Task TakeOverAsync()
    {
        var before = _server;
        var starting = StartServerAsync(Port);
        var next = _server;
        while (!next.Output.Contains("waits for it", StringComparison.Ordinal))
        {
            await PassAsync(TimeSpan.FromMilliseconds(20));
        }

        GoDown();
        await before.StopAsync();
        _comingBy = In(SuccessorStart + Window);
        KeepCritical(before);
        await before.DisposeAsync();
        await starting;
    }

    /// <summary>Asks the server.</summary>
    public async Task<JsonElement> AskAsync(string path) => JsonElement.Parse(await _http.GetByteArrayAsync(Address(path)));

    public Uri Address(string path) => new($"http://127.0.0.1:{Port}{path}");

    public HttpClient Http => _http;

    /// <summary>
    /// The cause is over now: within a second an event is accepted and delivered. Where pages were asked to come back within a window, or
    /// are in pauses of their own, the second begins when those are over.
    /// </summary>
    public async Task BackAsync()
    {
        var coming = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), Interlocked.Exchange(ref _comingBy, 0));
        var allowed = BackWithin + (coming > TimeSpan.Zero ? coming : TimeSpan.Zero);
        var watch = FairStopwatch.Start();
        var took = await ProbeAsync();
        Figure($"back after {watch.Elapsed.TotalMilliseconds:F0} ms");
        Expect(
            took <= allowed,
            $"the service was back after {watch.Elapsed.TotalSeconds:F2} s, for {watch.Waited.TotalSeconds:F2} s of which something waited "
            + $"for a processor; it must be {allowed.TotalSeconds:F2} s");
    }

    /// <summary>Publishes a whole run, and waits until its page has it.</summary>
    /// <returns>How long that took, without the time in which something waited for a processor.</returns>
    public async Task<TimeSpan> ProbeAsync()
    {
        var watch = FairStopwatch.Start();
        var run = string.Create(CultureInfo.InvariantCulture, $"probe-{Interlocked.Increment(ref _probes)}");
        await PublishAsync(ProbeUser, run, "agent_started", """{"agent_name":"demo"}""");
        await PublishAsync(ProbeUser, run, "token", """{"delta":"word"}""");
        var last = await PublishAsync(ProbeUser, run, "agent_completed", """{"agent_name":"demo"}""");
        await _probe.WhenAsync(() => _probe.HasSeen(last), TestClient.Patience + Duration, "the probe arrives");
        return watch.Fair;
    }

    public void Complain(string what)
    {
        lock (_gate)
        {
            _complaints.Add(what);
        }
    }

    public void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            Complain(otherwise);
        }
    }

    /// <summary>Notes a figure for the report.</summary>
    public void Figure(string what)
    {
        lock (_gate)
        {
            _figures.Add(what);
        }
    }

    /// <summary>Looks at everything once more.</summary>
    public async Task<HarmReport> JudgeAsync()
    {
        // Rules are compared once a second, and a canary comes home meanwhile.
        await PassAsync(TimeSpan.FromSeconds(Either(2.5, 12)));
        await JudgePagesAsync();
        await JudgeAlertsAsync();
        await JudgeHealthAsync();
        await JudgeLedgerAsync();
        KeepCritical(_server);
        lock (_gate)
        {
            return new HarmReport(Harm, [.. _complaints.Distinct()], [.. _figures]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDown = true;
        HealthyPage[] pages;
        lock (_gate)
        {
            pages = [.. _pages];
        }

        await Task.WhenAll(pages.Select(static page => page.DisposeAsync().AsTask()));
        foreach (var kept in _kept)
        {
            kept.Dispose();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _http.Dispose();
        File.Delete(HookPath);
        if (_disk is not null)
        {
            _disk.Dispose();
        }
        else
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    // What the server spreads its pages over (docs/protocol.md, 7.1): 1 ms each, and a second at least.
    private TimeSpan Window
    {
        get
        {
            lock (_gate)
            {
                return TimeSpan.FromSeconds(Math.Max(1, _pages.Count / 1_000.0));
            }
        }
    }

    private string HookPath => Path.Combine(Path.GetTempPath(), $"netra-harm-{Environment.ProcessId}-{Harm.Name}.sock");

    private async Task StartServerAsync(int port)
    {
        File.Delete(HookPath);
        (string, string)[] variables =
        [
            ("DOTNET_STARTUP_HOOKS", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.HarmHook.dll")),
            ("NETRA_HARM_SOCKET", HookPath),
        ];
        string[] command = Harm.Handles is { } handles
            ? ["prlimit", string.Create(CultureInfo.InvariantCulture, $"--nofile={handles}:{handles}"), "dotnet", HarmSettings.Server]
            : Harm.HasReader ? ["bash", "-c", "exec dotnet \"$0\" \"$@\" > >(exec cat)", HarmSettings.Server]
            : ["dotnet", HarmSettings.Server];
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in HarmSettings.IsFull
            ? Harm.Settings
            : [.. HarmSettings.ShortIntervals, .. Harm.Settings, .. Harm.ShortSettings])
        {
            settings[key] = value;
        }

        _server = ServerProcess.Start(
            command,
            "Development",
            variables,
            [
                $"--urls=http://127.0.0.1:{port}",
                $"--Netra:DataDirectory={Folder}",
                .. settings.Select(static setting => $"--{setting.Key}={setting.Value}"),
            ]);
        Port = await _server.WhenListeningAsync();
        _isDown = false;
    }

    private void GoDown()
    {
        Interlocked.Increment(ref _restarts);
        _isDown = true;
    }

    private static long In(TimeSpan time)
        => TimeProvider.System.GetTimestamp() + (long)(time.TotalSeconds * TimeProvider.System.TimestampFrequency);

    private async Task<long> PublishAsync(string json, string userId, string runId, TimeSpan patience)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{Harm.Name}-{Interlocked.Increment(ref _keys)}");
        var (status, answer) = await PostAsync(json.WithKey(key), patience);
        if ((int)status is not (201 or 202))
        {
            throw new AssertionException($"{json} was answered {(int)status}: {answer}");
        }

        var seq = JsonElement.Parse(answer).Seq();
        Accepted(userId, seq);
        if (!runId.StartsWith("sick-", StringComparison.Ordinal))
        {
            IsWell(userId, runId);
        }

        return seq;
    }

    // Again until there is an answer that is none of "not now".
    private async Task<(HttpStatusCode Status, string Answer)> PostAsync(string json, TimeSpan patience)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string last;
            try
            {
                using var content = new StringContent(json, Encoding.UTF8, "application/json");
                using var response = await _http.PostAsync(Address("/v1/events"), content);
                last = await response.Content.ReadAsStringAsync();
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    return (response.StatusCode, last);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                last = exception.Message;
            }

            if (TimeProvider.System.GetElapsedTime(began) > patience)
            {
                throw new AssertionException($"{json} was not accepted within {patience}: {last}");
            }

            await Task.Delay(Glance, TimeProvider.System);
        }
    }

    private async Task JudgePagesAsync()
    {
        HealthyPage[] pages;
        Dictionary<string, long[]> receipts;
        (string User, string Run)[] runs;
        lock (_gate)
        {
            pages = [.. _pages];
            receipts = _receipts.ToDictionary(static entry => entry.Key, static entry => entry.Value.ToArray());
            runs = [.. _runs];
        }

        foreach (var (user, seqs) in receipts)
        {
            Expect(seqs.Length == seqs.Distinct().Count(), $"{user}: one number was given to two events");
        }

        var endings = 0;
        foreach (var page in pages)
        {
            if (receipts.TryGetValue(page.UserId, out var seqs))
            {
                await page.TryWhenAsync(() => seqs.All(seq => seq <= page.Start || page.HasSeen(seq)), TestClient.Patience);
                var lost = seqs.Where(seq => seq > page.Start && !page.HasSeen(seq)).Order().ToList();
                Expect(lost.Count == 0, $"{page.UserId} lacks {lost.Count} events, the first {lost.FirstOrDefault()}");
            }

            endings += page.Endings.Count;
            page.Complaints.Take(3).ToList().ForEach(what => Complain($"{page.UserId} {what}"));
            var errors = page.Errors.Where(code => !Harm.TrueErrors.Contains(code)).GroupBy(static code => code).ToList();
            Expect(
                errors.Count == 0,
                $"a page was shown errors: {string.Join(", ", errors.Select(static group => $"{group.Count()} × {group.Key}"))}");
        }

        Expect(
            endings == 0,
            $"healthy pages were ended {endings} times: "
            + $"{string.Join("; ", pages.SelectMany(static page => page.Endings).Distinct().Take(3))}");
        JudgeRuns(pages, runs);
    }

    private void JudgeRuns(HealthyPage[] pages, (string User, string Run)[] runs)
    {
        var byUser = pages.ToLookup(static page => page.UserId);
        var failed = runs.Where(run =>
            byUser[run.User].Any(page => page.EndOf(run.Run)?.StartsWith("agent_failed", StringComparison.Ordinal) == true)).ToList();
        var stalled = runs.Where(run => byUser[run.User].Any(page => page.SawStall(run.Run))).ToList();
        var why = failed.Count == 0 ? "" : byUser[failed[0].User].First().EndOf(failed[0].Run);
        Expect(failed.Count == 0, $"{failed.Count} healthy runs failed ({why})");
        Expect(stalled.Count == 0 || Harm.MayStall, $"{stalled.Count} healthy runs were said to be stalled");
    }

    private async Task JudgeAlertsAsync()
    {
        var alerts = (await AskAsync("/monitoring/websocket/alerts")).GetProperty("alerts");
        var fired = alerts.EnumerateArray().Where(static alert => alert.Text("state") != "pending").ToList();
        foreach (var alert in fired.Where(alert => !Harm.TrueAlerts.Contains(alert.Text("name"))))
        {
            Complain($"false alarm: {alert.Text("name")} {alert.GetProperty("labels")}{WordsOf(alert.Text("name")!)}");
        }

        if (fired.Count > 0)
        {
            Figure($"alerts {string.Join(", ", fired.Select(static alert => alert.Text("name")).Distinct())}");
        }
    }

    // The last line of the server's log that has the failure's code in it.
    private string WordsOf(string rule)
        => _server.Output.Split('\n').FirstOrDefault(line => line.Contains(rule, StringComparison.Ordinal)) is { } line
            ? $" ({line.Trim()})"
            : "";

    // What a true alert is about is counted for a minute.
    private async Task JudgeHealthAsync()
    {
        if (Harm.TrueAlerts.Count > 0 && !HarmSettings.IsFull)
        {
            return;
        }

        var patience = Harm.TrueAlerts.Count > 0 ? TimeSpan.FromSeconds(90) : TimeSpan.FromSeconds(2);
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var response = await _http.GetAsync(Address("/health"));
            var health = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync());
            if (health.Text("status") == "healthy")
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(began) > patience)
            {
                Complain($"health afterwards is {health.Text("status")}: {health.GetProperty("issues")}");
                return;
            }

            await PassAsync(TimeSpan.FromMilliseconds(250));
        }
    }

    private async Task JudgeLedgerAsync()
    {
        var ledger = await AskAsync("/v1/ledger");
        Expect(ledger.GetProperty("unaccounted").GetInt64() == 0, $"the ledger does not add up: {ledger}");
    }

    private void KeepCritical(ServerProcess server)
    {
        if (server.Critical is { Count: > 0 } lines && !Harm.TrueAlerts.Contains("critical_log"))
        {
            Complain($"logged {lines.Count} lines at CRITICAL: {lines[0][..Math.Min(lines[0].Length, 160)]}");
        }
    }
}
