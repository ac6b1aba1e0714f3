using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Peers who ask for all that they can get, from addresses of their own. Disposing lets go of it.</summary>
internal sealed class Strangers(HarmBench bench) : IAsyncDisposable
{
    private const int AtOnce = 16;
    private const string Custom = """{"user_id":"stranger","thread_id":"t1","type":"custom","data":{"name":"n","value":1}}""";
    private readonly List<RawPeer> _open = [];
    private readonly Lock _gate = new();

    /// <summary>Opens pages, and keeps those that are let in.</summary>
    /// <returns>How many were refused with the code.</returns>
    public Task<int> ConnectAsync(int address, int count, string code, Func<int, string> userOf)
        => AllAsync(count, async i =>
        {
            var (peer, was) = await TryOpenAsync(address, userOf(i));
            if (peer is not null)
            {
                lock (_gate)
                {
                    _open.Add(peer);
                }
            }

            return was == code;
        });

    /// <summary>Shakes hands and leaves, over and over.</summary>
    /// <returns>How often it was refused with the code.</returns>
    public Task<int> ShakeHandsAsync(int address, int count, string code)
        => AllAsync(count, async i =>
        {
            var (peer, was) = await TryOpenAsync(address, string.Create(CultureInfo.InvariantCulture, $"stranger-{i % 50}"));
            await using var opened = peer;
            return was == code;
        });

    /// <summary>Asks for the past again and again.</summary>
    /// <returns>How many bytes came.</returns>
    public async Task<long> ReplayAsync(int address, string userId, int events, TimeSpan length)
    {
        var ask = RawFrame.Encode($$"""{"type":"replay","from":1,"to":{{events}}}""");
        var bytes = await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            await using var peer = await OpenAsync(address, userId);
            using var over = new CancellationTokenSource(length, TimeProvider.System);
            var reading = CountAsync(peer, over.Token);
            while (!over.IsCancellationRequested && await peer.TrySendAsync(ask))
            {
                await HarmBench.PassAsync(TimeSpan.FromMilliseconds(50));
            }

            return await reading;
        }));
        return bytes.Sum();
    }

    /// <summary>Sends a frame without end.</summary>
    /// <returns>How many of the connections were ended.</returns>
    public async Task<int> FloodAsync(int address, ReadOnlyMemory<byte> frames, TimeSpan length)
    {
        var ended = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            await using var peer = await OpenAsync(address, string.Create(CultureInfo.InvariantCulture, $"flood-{i}"));
            using var over = new CancellationTokenSource(length, TimeProvider.System);
            try
            {
                while (true)
                {
                    await peer.Stream.WriteAsync(frames, over.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
            catch (IOException)
            {
                return 1;
            }
        }));
        return ended.Sum();
    }

    /// <summary>Posts single events.</summary>
    /// <returns>How many were refused.</returns>
    public async Task<int> PostAsync(string key, int count)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await AllAsync(count, async _ =>
        {
            using var content = new StringContent(Custom, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(bench.Address("/v1/events"), content);
            return answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null;
        });
    }

    /// <summary>Begins runs, and ends those that could begin.</summary>
    /// <returns>How many were refused.</returns>
    public async Task<int> BeginRunsAsync(string key, int count)
    {
        await using var lines = await PublishLines.OpenAsync(bench.Port, $"Authorization: Bearer {key}\r\n");
        await lines.SendAsync(string.Join('\n', Enumerable.Range(0, count).Select(static i => Line(i, "agent_started"))));
        var refused = (await lines.ReadAsync(count)).ConvertAll(static answer => answer.Text("code") == "too_many_runs");
        var begun = Enumerable.Range(0, count).Where(i => !refused[i]).ToList();
        await lines.SendAsync(string.Join('\n', begun.Select(static i => Line(i, "agent_completed"))));
        await lines.ReadAsync(begun.Count);
        return count - begun.Count;
    }

    /// <summary>A key that makes its bearer a publisher of its own.</summary>
    public async Task<string> MakeKeyAsync()
    {
        using var content = new StringContent("""{"name":"stranger","scopes":["publish"]}""", Encoding.UTF8, "application/json");
        using var answer = await bench.Http.PostAsync(bench.Address("/v1/keys"), content);
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).Text("key")!;
    }

    public async ValueTask DisposeAsync()
    {
        List<RawPeer> open;
        lock (_gate)
        {
            open = [.. _open];
            _open.Clear();
        }

        foreach (var peer in open)
        {
            await peer.DisposeAsync();
        }
    }

    private static string Line(int i, string type) => HarmBench.Json(
        string.Create(CultureInfo.InvariantCulture, $"stranger-{i % 50}"),
        string.Create(CultureInfo.InvariantCulture, $"stranger-run-{i}"),
        type,
        """{"agent_name":"demo"}""");

    private static async Task<long> CountAsync(RawPeer peer, CancellationToken over)
    {
        var (count, buffer) = (0L, new byte[64 * 1024]);
        try
        {
            while (await peer.Stream.ReadAsync(buffer, over) is > 0 and var read)
            {
                count += read;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The time is over, or the connection is.
        }

        return count;
    }

    private static async Task<int> AllAsync(int count, Func<int, Task<bool>> act)
    {
        var found = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async worker =>
        {
            var sum = 0;
            for (var i = worker; i < count; i += AtOnce)
            {
                sum += await act(i) ? 1 : 0;
            }

            return sum;
        }));
        return found.Sum();
    }

    private async Task<RawPeer> OpenAsync(int address, string userId)
    {
        var (peer, code) = await TryOpenAsync(address, userId);
        return peer ?? throw new AssertionException($"{userId} was not let in: {code ?? "closed without an answer"}");
    }

    // No peer where it was not let in. Where the server has no room for connections it may close them while they are opened, or without
    // an answer: then there is no code.
    private async Task<(RawPeer? Peer, string? Code)> TryOpenAsync(int address, string userId)
    {
        if (await RawPeer.TryConnectAsync(bench.Port, new IPAddress([127, 0, 0, (byte)address])) is not { } peer)
        {
            return (null, null);
        }

        RawResponse? answer = null;
        try
        {
            await peer.SendAsync(RawPeer.Handshake(userId));
            answer = await peer.ReadResponseAsync();
        }
        catch (IOException)
        {
            // Closed before it had sent all.
        }

        if (answer?.Status == 101)
        {
            return (peer, null);
        }

        await peer.DisposeAsync();
        return (null, answer?.Code);
    }
}
