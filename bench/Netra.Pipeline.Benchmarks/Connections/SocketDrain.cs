using System.Net.Sockets;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>
/// Reads a socket on a thread of its own and throws away what comes. One caller at a time expects bytes and waits for them.
/// </summary>
internal sealed class SocketDrain : IDisposable
{
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _complete = new();
    private long _expected;
    private long _received;

    public SocketDrain(Socket socket)
    {
        _socket = socket;
        _thread = new Thread(Read) { Name = "Benchmark drain", IsBackground = true };
        _thread.Start();
    }

    /// <summary>So many more bytes will come; to be called before they are sent.</summary>
    public void Expect(long bytes)
    {
        _complete.Reset();
        Volatile.Write(ref _expected, _expected + bytes);
    }

    /// <summary>Waits until they have come.</summary>
    public void Wait() => _complete.Wait();

    public void Dispose()
    {
        _socket.Dispose();
        _thread.Join();
        _complete.Dispose();
    }

    private void Read()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (_socket.Receive(buffer) is > 0 and var received)
            {
                _received += received;
                if (_received == Volatile.Read(ref _expected))
                {
                    _complete.Set();
                }
            }
        }
        catch (SocketException)
        {
            // Either side has closed: the benchmark is over.
        }
    }
}
