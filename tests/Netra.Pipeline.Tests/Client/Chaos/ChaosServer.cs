using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>A real server behind a relay that is rude, on a folder that outlives it.</summary>
internal sealed class ChaosServer : IAsyncDisposable
{
    private static readonly string[] Liveness =
        ["--Netra:Connections:PingInterval=00:00:02", "--Netra:Connections:PingTimeout=00:00:02"];

    private readonly ServerFolder _folder = new();
    private readonly Random _random;
    private readonly int _port = FreePort.Find();
    private readonly RudeRelay _relay;
    private ServerProcess _server;

    private ChaosServer(Random random)
    {
        _random = random;
        _relay = new RudeRelay(_port);
        _server = Start();
    }

    public int Kills { get; private set; }

    public int Cuts { get; private set; }

    public int Stalls { get; private set; }

    /// <summary>The relay.</summary>
    public Uri Address => _relay.Address;

    /// <summary>The server itself.</summary>
    public Uri Direct => new($"http://127.0.0.1:{_port}");

    public static async Task<ChaosServer> StartAsync(Random random)
    {
        var chaos = new ChaosServer(random);
        await chaos._server.WhenReadyAsync();
        return chaos;
    }

    /// <summary>Cuts, stalls and kills for so long; then the server is there, and the relay has manners.</summary>
    public async Task RageAsync(TimeSpan length, TimeSpan betweenKills)
    {
        var began = TimeProvider.System.GetTimestamp();
        var killed = began;
        while (TimeProvider.System.GetElapsedTime(began) < length)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(20, 200)), TimeProvider.System);
            Cuts += _relay.Cut(_ => _random.NextDouble() < 0.04);
            Stalls += _relay.Stall(_ => _random.NextDouble() < 0.005);
            if (TimeProvider.System.GetElapsedTime(killed) > betweenKills)
            {
                await _server.KillAsync();
                await _server.DisposeAsync();
                Kills++;
                _server = Start();
                await _server.WhenReadyAsync();
                killed = TimeProvider.System.GetTimestamp();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _server.DisposeAsync();
        await _folder.DisposeAsync();
    }

    private ServerProcess Start()
        => ServerProcess.Start("Development", [_folder.Argument, $"--urls=http://127.0.0.1:{_port}", .. Liveness]);
}
