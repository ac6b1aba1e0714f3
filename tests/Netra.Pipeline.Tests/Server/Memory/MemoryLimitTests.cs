using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Crash;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Memory;

/// <summary>
/// The real server in a control group with little memory, and more for pages that never read than fits in it. It goes on and says what it
/// refuses, or it ends; either way nobody waits without an answer, and what was accepted is there after the next start.
/// <c>NETRA_MEMORY_MB</c> says how much is published.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
[Platform("Linux")]
internal sealed class MemoryLimitTests
{
    private const long Limit = 176L * 1024 * 1024;
    private const int Users = 60;
    private const int Publishers = 6;
    private const int LinesPerRequest = 100;
    private const int EventBytes = 4_000;

    // In the second case the runtime knows nothing of the limit, so that the kernel kills it.
    [TestCase(true)]
    [TestCase(false)]
    public async Task Server_MorePublishedThanFitsInMemory_LosesNothingThatItTook(bool knowsTheLimit)
    {
        var requests = ChaosSettings.Read("NETRA_MEMORY_MB", 80) * 1024 * 1024 / (LinesPerRequest * EventBytes);
        using var group = MemoryGroup.Create(Limit);
        await using var folder = new ServerFolder();
        var accounts = new PublishedAccount();
        var pages = new List<RawPeer>();
        var began = TimeProvider.System.GetTimestamp();
        bool hasEnded;
        await using (var server = Start(group, folder, knowsTheLimit))
        {
            var port = await server.WhenReadyAsync();
            for (var i = 0; i < Users; i++)
            {
                pages.Add(await RawPeer.OpenAsync(port, UserOf(i), receiveBuffer: 4096));
            }

            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, Publishers).Select(_ => Task.Run(async () =>
            {
                using var http = ClientOf(port);
                while (Interlocked.Increment(ref next) is var request && request < requests && await PublishAsync(http, request, accounts))
                {
                    // Until all is published, or the server is gone.
                }
            })));
            hasEnded = accounts.IsCutOff;
            if (!hasEnded)
            {
                await ShouldServeAsync(port);
                await server.StopAsync();
            }
        }

        foreach (var page in pages)
        {
            await page.DisposeAsync();
        }

        await using (var after = Start(group, folder, knowsTheLimit: true))
        {
            var port = await after.WhenReadyAsync();
            await ShouldServeAsync(port);
            await ShouldHaveAllAsync(port, accounts);
        }

        await TestContext.Out.WriteLineAsync(
            $"{requests * LinesPerRequest} events, {accounts.Accepted} accepted, refused: {accounts.Refused}, "
            + $"{(hasEnded ? "the server ended" : "the server went on")}, at most {group.MostBytes / 1048576} of {Limit / 1048576} MB, "
            + $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s");
        Assert.That(accounts.Accepted, Is.Positive);
    }

    private static string UserOf(int index) => string.Create(CultureInfo.InvariantCulture, $"slow-{index}");

    private static ServerProcess Start(MemoryGroup group, ServerFolder folder, bool knowsTheLimit) => ServerProcess.Start(
        [.. group.Command, "dotnet", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll")],
        "Development",
        knowsTheLimit ? [] : [("DOTNET_GCHeapHardLimit", "0x80000000"), ("DOTNET_GCgen0size", "0x20000000")],
        folder.Argument,
        "--Netra:Connections:StallTimeout=00:05:00",
        "--Netra:Connections:PingInterval=00:10:00");

    private static HttpClient ClientOf(int port)
        => new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };

    // Whether the server is still there. A request that is not answered in time fails the test.
    private static async Task<bool> PublishAsync(HttpClient http, int request, PublishedAccount accounts)
    {
        var user = UserOf(request % Users);
        var line = PublishExtensions.TokenJson(new string('x', EventBytes - 150), user) + "\n";
        using var content = new StringContent(string.Concat(Enumerable.Repeat(line, LinesPerRequest)), Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        try
        {
            using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
            if (!response.IsSuccessStatusCode)
            {
                accounts.Refuse($"{(int)response.StatusCode}");
                return true;
            }

            await using var body = await response.Content.ReadAsStreamAsync();
            using var reader = new StreamReader(body);
            while (await reader.ReadLineAsync() is { Length: > 0 } answer)
            {
                accounts.Add(user, JsonElement.Parse(answer));
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            accounts.CutOff();
        }

        return !accounts.IsCutOff;
    }

    private static async Task ShouldServeAsync(int port)
    {
        await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=healthy"));
        using var http = ClientOf(port);
        await http.PublishExactlyAsync(PublishExtensions.TokenJson("x", "healthy"));
        Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.Positive);
    }

    private static async Task ShouldHaveAllAsync(int port, PublishedAccount accounts)
    {
        using var http = ClientOf(port);
        var ledger = JsonElement.Parse(await http.GetStringAsync(new Uri("/v1/ledger", UriKind.Relative)));
        Assert.That(ledger.GetProperty("unaccounted").GetInt64(), Is.Zero, ledger.ToString());
        foreach (var (user, highest) in accounts.Highest)
        {
            var stream = JsonElement.Parse(await http.GetStringAsync(new Uri($"/v1/users/{user}/undelivered?limit=1", UriKind.Relative)));
            Assert.That(stream.GetProperty("head").GetInt64(), Is.GreaterThanOrEqualTo(highest), user);
        }

        // One of them has everything, from the first to the last.
        var (one, last) = accounts.Highest.First();
        await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id={one}&seq=0"));
        for (var seq = 1L; seq <= last; seq++)
        {
            Assert.That((await page.ReadAsync<EventMessage>()).Seq, Is.EqualTo(seq));
        }
    }

    /// <summary>What publishers were told. Safe from any thread.</summary>
    private sealed class PublishedAccount
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, long> _highest = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int> _refused = new(StringComparer.Ordinal);

        public long Accepted { get; private set; }

        /// <summary>Whether a request has ended without its answer.</summary>
        public bool IsCutOff { get; private set; }

        /// <summary>The highest number of each user that was accepted.</summary>
        public IReadOnlyDictionary<string, long> Highest => _highest;

        public string Refused
            => _refused.Count == 0 ? "none" : string.Join(", ", _refused.Select(static one => $"{one.Value} × {one.Key}"));

        public void Add(string user, JsonElement answer)
        {
            if (answer.Text("status") == "rejected")
            {
                Refuse(answer.Text("code")!);
                return;
            }

            lock (_gate)
            {
                Accepted++;
                _highest[user] = Math.Max(_highest.GetValueOrDefault(user), answer.Seq());
            }
        }

        public void Refuse(string code)
        {
            lock (_gate)
            {
                _refused[code] = _refused.GetValueOrDefault(code) + 1;
            }
        }

        public void CutOff()
        {
            lock (_gate)
            {
                IsCutOff = true;
            }
        }
    }
}
