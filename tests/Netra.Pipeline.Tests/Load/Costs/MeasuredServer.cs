using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Costs;

/// <summary>
/// A Release build of the whole pipeline with its default options and a fresh log, in a process of its own: nothing else allocates or
/// calls the system there.
/// </summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    private readonly ServerFolder _folder = new();
    private readonly ServerProcess _process;
    private readonly HttpClient _http = new() { Timeout = 2 * TestClient.Patience };

    private MeasuredServer(string[] arguments)
    {
        var host = Repository.PathOf("artifacts/bin/Netra.Pipeline.CostHost/release/Netra.Pipeline.CostHost.dll");
        Assert.That(host, Does.Exist, "the tests' build makes it");
        _process = ServerProcess.Start(["dotnet", host], "Development", [], [_folder.Argument, .. arguments]);
    }

    public int Id => _process.Id;

    public int Port { get; private set; }

    public static async Task<MeasuredServer> StartAsync(params string[] arguments)
    {
        var server = new MeasuredServer(arguments);
        server.Port = await server._process.WhenReadyAsync();
        server._http.BaseAddress = new Uri($"http://127.0.0.1:{server.Port}");
        return server;
    }

    /// <summary>Opens pages of the users <c>user-0</c>, <c>user-1</c>, … that acknowledge.</summary>
    public async Task<AcknowledgingPage[]> OpenPagesAsync(int users, int ackEvery)
    {
        var pages = new AcknowledgingPage[users];
        for (var user = 0; user < users; user++)
        {
            pages[user] = await AcknowledgingPage.OpenAsync(Port, $"user-{user}", ackEvery);
        }

        return pages;
    }

    /// <summary>Emits tokens of 80 characters to each page, and waits until all of them have come.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="events">How many for each.</param>
    /// <param name="interval">Milliseconds from one to the next; 0 for as fast as they are taken.</param>
    public async Task EmitAsync(AcknowledgingPage[] pages, int events, int interval = 0)
    {
        var come = pages.Select(page => page.ReadAsync(events)).ToArray();
        using var answer = await _http.PostAsync($"/tokens?users={pages.Length}&events={events}&interval={interval}", null);
        answer.EnsureSuccessStatusCode();
        await Task.WhenAll(come).WaitAsync(TestClient.Patience);
    }

    /// <summary>How many bytes it has allocated so far.</summary>
    public Task<long> AllocatedAsync() => NumberAsync("/allocated");

    /// <summary>How many bytes of managed memory are in use, after a full collection.</summary>
    public Task<long> LiveAsync() => NumberAsync("/live");

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
        await _folder.DisposeAsync();
    }

    private async Task<long> NumberAsync(string path) => long.Parse(await _http.GetStringAsync(path), CultureInfo.InvariantCulture);
}
