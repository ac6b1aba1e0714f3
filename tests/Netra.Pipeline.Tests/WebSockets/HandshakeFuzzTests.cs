using System.Collections.Concurrent;
using System.Text;
using FsCheck;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>
/// Whatever bytes come, the connection is served or refused, and ends; nothing is an error of the server, and nothing hangs.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class HandshakeFuzzTests
{
    private const int PerRound = 100;

    private readonly ConcurrentQueue<string> _unobserved = [];
    private PipelineHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        _host = await PipelineHost.StartAsync(settings: [("Netra:Streams:MaxConnectionsPerUser", "10000")], map: Hello.Map);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
    }

    [FsCheck.NUnit.Property(MaxTest = 10_000 / PerRound)]
    public async Task Bytes_AnyAtAll_AreServedOrRefusedAndTheConnectionEnds(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var inputs = Enumerable.Range(0, PerRound).Select(_ => Draw(random)).ToArray();

        await Task.WhenAll(inputs.Select(SendAsync));

        await using var http = await RawPeer.ConnectAsync(_host.Port);
        await Hello.GetAsync(http);
        _host.AssertNoErrors();
        Assert.That(_host.Logs.Logs.Where(static log => log.Message.Contains("internal_error", StringComparison.Ordinal)), Is.Empty);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.That(_unobserved, Is.Empty);
    }

    private async Task SendAsync(byte[] bytes)
    {
        await using var client = await RawPeer.ConnectAsync(_host.Port);
        try
        {
            if (await client.TrySendAsync(bytes))
            {
                client.ShutdownSend();
            }

            await client.ReadToEndAsync();
        }
        catch (System.Net.Sockets.SocketException)
        {
            // It was closed before we ended our side.
        }
        catch (TimeoutException exception)
        {
            throw new AssertionException($"It hangs: {Convert.ToBase64String(bytes)}", exception);
        }
    }

    private static byte[] Draw(Random random)
    {
        var valid = Encoding.UTF8.GetBytes(RawPeer.Handshake($"fuzz-{random.Next(50)}", random.Next(3) == 0 ? "&seq=0" : string.Empty));
        return random.Next(4) switch
        {
            0 => Noise(random),
            1 => Arbitrary.Mutated(valid, DoNotSize<int>.NewDoNotSize(random.Next())),
            2 => [.. valid, .. Noise(random)],
            _ => [.. valid, .. Enumerable.Range(0, random.Next(1, 6)).SelectMany(_ => Frame(random))],
        };
    }

    private static byte[] Frame(Random random)
    {
        var payload = random.Next(3) switch
        {
            0 => Noise(random),
            1 => """{"type":"ack","seq":0}"""u8.ToArray(),
            _ => Arbitrary.Mutated("""{"type":"replay","from":1,"to":5}"""u8.ToArray(), DoNotSize<int>.NewDoNotSize(random.Next())),
        };
        return RawFrame.Encode(
            random.Next(4) == 0 ? random.Next(16) : RawFrame.Text,
            payload,
            final: random.Next(5) > 0,
            masked: random.Next(20) > 0,
            reserved: random.Next(20) == 0 ? 0x40 : 0);
    }

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(1, random.Next(10) == 0 ? 5000 : 200)];
        random.NextBytes(noise);
        return noise;
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs arguments)
    {
        // Other tests run beside this one, and what they leave unobserved is theirs.
        var text = arguments.Exception.ToString();
        if (text.Contains("at Netra.Pipeline.", StringComparison.Ordinal)
            && !text.Contains("at Netra.Pipeline.Tests.", StringComparison.Ordinal))
        {
            _unobserved.Enqueue(text);
        }
    }
}
