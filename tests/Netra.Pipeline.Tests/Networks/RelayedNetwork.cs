using System.Threading.Channels;

namespace Netra.Pipeline.Tests.Networks;

/// <summary>
/// Two machines, and the wire between them, which the test makes slow, lossy, or cuts, in each direction by itself. The kernel's own
/// emulator (netem) is not everywhere. Safe to be changed at any time.
/// </summary>
internal sealed class RelayedNetwork : IAsyncDisposable
{
    private const int Seed = 4711;
    private const int LongestPacket = 64 * 1024;
    private const int PollMilliseconds = 50;

    private readonly CancellationTokenSource _over = new();
    private readonly List<Thread> _threads = [];
    private readonly List<Task> _tasks = [];

    public RelayedNetwork()
    {
        Server = NetworkSide.Create("a", "10.77.0.1");
        Client = NetworkSide.Create("b", "10.77.0.2");
        ToServer = Begin(Client.Wire, Server.Wire, Seed);
        ToClient = Begin(Server.Wire, Client.Wire, Seed + 1);
    }

    /// <summary>Where the server is.</summary>
    public NetworkSide Server { get; }

    /// <summary>Where pages and publishers are.</summary>
    public NetworkSide Client { get; }

    public WireDirection ToServer { get; }

    public WireDirection ToClient { get; }

    /// <summary>Cuts the wire in both directions, or mends it.</summary>
    public void Cut(bool isCut) => ToServer.IsCut = ToClient.IsCut = isCut;

    /// <summary>How the wire is, in both directions.</summary>
    public void Set(TimeSpan delay, double loss)
    {
        foreach (var direction in new[] { ToServer, ToClient })
        {
            (direction.Delay, direction.Loss) = (delay, loss);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _threads.ForEach(static thread => thread.Join());
        await Task.WhenAll(_tasks);
        Server.Dispose();
        Client.Dispose();
        _over.Dispose();
    }

    private WireDirection Begin(int from, int to, int seed)
    {
        var direction = new WireDirection();
        var way = Channel.CreateUnbounded<(long Due, byte[] Packet)>(new UnboundedChannelOptions { SingleReader = true });
        var thread = new Thread(() => Read(from, direction, new Random(seed), way.Writer)) { IsBackground = true, Name = "wire" };
        thread.Start();
        _threads.Add(thread);
        _tasks.Add(WriteAsync(to, way.Reader));
        return direction;
    }

    private void Read(int from, WireDirection direction, Random random, ChannelWriter<(long Due, byte[] Packet)> way)
    {
        var buffer = new byte[LongestPacket];
        while (!_over.IsCancellationRequested)
        {
            var handle = new PollHandle { Handle = from, Wanted = NativeMethods.Readable };
            if (NativeMethods.Poll(ref handle, 1, PollMilliseconds) <= 0)
            {
                continue;
            }

            var length = (int)NativeMethods.Read(from, buffer, LongestPacket);
            if (length > 0 && direction.Passes(random))
            {
                way.TryWrite((TimeProvider.System.GetTimestamp() + direction.DelayTicks, buffer[..length]));
            }
        }

        way.Complete();
    }

    private static async Task WriteAsync(int to, ChannelReader<(long Due, byte[] Packet)> way)
    {
        await foreach (var (due, packet) in way.ReadAllAsync())
        {
            var left = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), due);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, TimeProvider.System);
            }

            _ = NativeMethods.Write(to, packet, (nuint)packet.Length);
        }
    }
}

/// <summary>One direction of a wire.</summary>
internal sealed class WireDirection
{
    private long _delayTicks;
    private double _loss;
    private volatile bool _isCut;
    private long _dropped;

    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    /// <summary>How long a packet is on its way.</summary>
    public TimeSpan Delay
    {
        set => Interlocked.Exchange(ref _delayTicks, (long)(value.TotalSeconds * TimeProvider.System.TimestampFrequency));
    }

    /// <summary>The share of packets that do not arrive.</summary>
    public double Loss
    {
        set => Interlocked.Exchange(ref _loss, value);
    }

    public long DelayTicks => Interlocked.Read(ref _delayTicks);

    /// <summary>How many packets did not arrive.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public bool Passes(Random random)
    {
        if (!IsCut && random.NextDouble() >= Volatile.Read(ref _loss))
        {
            return true;
        }

        Interlocked.Increment(ref _dropped);
        return false;
    }
}
