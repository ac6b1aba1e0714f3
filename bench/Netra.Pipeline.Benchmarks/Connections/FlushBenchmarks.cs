using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Connections;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>
/// A writer's batches of 64 framed events of 200 bytes through the connection's stream and Kestrel's transport into a loopback socket, one
/// flush a batch, until the peer has them. The baseline sends the same bytes with one blocking <c>Socket.Send</c> a batch. Both peers read
/// on a thread of their own, which is in both figures.
/// </summary>
public class FlushBenchmarks
{
    private const int Frames = 64;
    private const int FrameBytes = 204;
    private const int Batches = 64;

    private readonly byte[] _batch = new byte[Frames * FrameBytes];
    private BareConnection _bare = null!;
    private IConnectionListener _listener = null!;
    private ConnectionContext _connection = null!;
    private SocketDrain _peer = null!;
    private TransportStream _stream = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        Array.Fill(_batch, (byte)'x');
        _bare = await BareConnection.OpenAsync();
        var factory = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        _listener = await factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(_listener.EndPoint);
        _peer = new SocketDrain(peer);
        _connection = (await _listener.AcceptAsync())!;
        var options = new ConnectionOptions();
        _connection.Features.Get<IConnectionSocketFeature>()!.Socket.SendBufferSize = options.SendBufferBytes;
        _stream = new TransportStream(
            _connection.Transport, options.SideBufferBytes, Inbound.Meter(), static () => { }, static () => { }, static _ => { });
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        _bare.Dispose();
        _peer.Dispose();
        await _connection.DisposeAsync();
        await _listener.DisposeAsync();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Batches * Frames)]
    public void SocketSend() => _bare.Send(_batch, Batches);

    [Benchmark(OperationsPerInvoke = Batches * Frames)]
    [HotPathStep(8, "flush", "64 frames a flush, through Kestrel into a socket", "`Socket.Send` of the same bytes, 64 frames a call")]
    public async Task FlushTransport()
    {
        _peer.Expect((long)_batch.Length * Batches);
        for (var i = 0; i < Batches; i++)
        {
            _stream.Cork();
            _stream.Write(_batch);
            if (!await _stream.FlushTransportAsync())
            {
                throw new InvalidOperationException("The benchmark's connection is gone.");
            }
        }

        _peer.Wait();
    }
}
