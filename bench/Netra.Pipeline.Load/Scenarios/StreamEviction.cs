using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Netra.Pipeline.Load.Clients;
using Netra.Pipeline.Load.Measuring;

namespace Netra.Pipeline.Load.Scenarios;

/// <summary>How a server has forgotten the streams of users who have left, as its ledger tells it.</summary>
/// <param name="Loaded">How many streams were in memory at first.</param>
/// <param name="Left">How many were left in the end.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Resident">The server's resident memory in the end; null when it is not measured.</param>
internal sealed record StreamEviction(long Loaded, long Left, TimeSpan Took, double? Resident)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Looks until none is in memory, or they do not become fewer any more: a server keeps some for those who come back.</summary>
    public static async Task<StreamEviction> AwaitAsync(LoadOptions options, ServerProcess? server, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = ServerTrust.Options(host: null, options.Target.IsInsecure),
        })
        {
            BaseAddress = new Uri(options.Target.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"),
        };
        if (options.Target.Token is { } token)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        var begun = MonotonicClock.Now;
        var loaded = await LookAsync(client, cancellationToken);
        var (left, since) = (loaded, begun);
        while (left > 0 && MonotonicClock.Since(since) < options.EvictionPatience)
        {
            await Task.Delay(LookEvery, TimeProvider.System, cancellationToken);
            if (await LookAsync(client, cancellationToken) is var now && now < left)
            {
                (left, since) = (now, MonotonicClock.Now);
            }
        }

        return new StreamEviction(loaded, left, TimeSpan.FromTicks((since - begun) / TimeSpan.NanosecondsPerTick), server?.ResidentBytes);
    }

    private static async Task<long> LookAsync(HttpClient client, CancellationToken cancellationToken)
    {
        JsonElement ledger;
        try
        {
            ledger = await client.GetFromJsonAsync<JsonElement>(new Uri("v1/ledger", UriKind.Relative), cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or TaskCanceledException)
        {
            throw new LoadFailedException($"GET /v1/ledger: {exception.Message}", exception);
        }

        return ledger.GetProperty("loaded_streams").GetInt64();
    }
}
