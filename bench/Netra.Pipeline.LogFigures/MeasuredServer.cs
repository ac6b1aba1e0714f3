namespace Netra.Pipeline.LogFigures;

/// <summary>A server with its clients.</summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    private readonly ServerHandle _server;
    private readonly FigureClient[] _clients;
    private readonly Task _reading;
    private long _delivered;

    private MeasuredServer(ServerHandle server, FigureClient[] clients)
    {
        (_server, _clients) = (server, clients);
        _reading = Task.WhenAll(clients.Select(static client => Task.Run(() => client.ReadAsync(long.MaxValue))));
    }

    public static async Task<MeasuredServer> StartAsync(int connections, string observation, string? program)
    {
        var server = await ServerHandle.StartAsync("memory", Path.GetTempPath(), observation, program);
        var clients = Enumerable.Range(0, connections).Select(static _ => new FigureClient()).ToArray();
        foreach (var chunk in clients.Select(static (client, i) => (client, i)).Chunk(100))
        {
            await Task.WhenAll(chunk.Select(pair => pair.client.ConnectAsync(server.Socket($"user-{pair.i}"))));
        }

        return new MeasuredServer(server, clients);
    }

    /// <summary>Lets the server do a load, until every event of it is with its client.</summary>
    /// <returns>Server CPU per event, in microseconds.</returns>
    public async Task<double> LoadAsync(string path)
    {
        var before = await _server.CpuAsync();
        var events = await _server.PostAsync(path);
        _delivered += events;
        while (_clients.Length > 0 && _clients.Sum(static client => client.Received) < _delivered)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            if (_reading.IsFaulted)
            {
                await _reading;
            }
        }

        return (await _server.CpuAsync() - before) / events;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await _server.DisposeAsync();
    }
}
