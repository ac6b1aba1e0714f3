using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>A transport that says whatever it is told to. One reader and one writer.</summary>
internal sealed class AttackConnection(Socket socket, Stream stream) : IAsyncDisposable
{
    private const string LengthField = "Content-Length:";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly byte[] _buffer = new byte[64 * 1024];

    public Task SendAsync(string text, CancellationToken cancellationToken)
        => stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellationToken).AsTask();

    /// <summary>Sends as long as the server takes it.</summary>
    /// <returns>Whether all of it was taken.</returns>
    public async Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Sends the same again and again until the time is over, or the server closes.</summary>
    /// <returns>How many bytes were taken, and whether the server has closed.</returns>
    public async Task<(long Bytes, bool IsClosed)> FloodAsync(ReadOnlyMemory<byte> bytes, CancellationToken until)
    {
        var sent = 0L;
        while (!until.IsCancellationRequested)
        {
            if (!await TrySendAsync(bytes, until))
            {
                return (sent, !until.IsCancellationRequested);
            }

            sent += bytes.Length;
        }

        return (sent, false);
    }

    /// <summary>Reads the head of an answer.</summary>
    /// <returns>Its status; 0 where the server closes without one.</returns>
    /// <exception cref="AttackSucceededException">Nothing comes, and it does not close either.</exception>
    public async Task<int> ReadStatusAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var length = 0;
        try
        {
            while (_buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                // A byte at a time: what follows is the reader's.
                var read = await stream.ReadAsync(_buffer.AsMemory(length, 1), patience.Token);
                length += read;
                if (read == 0 || length == _buffer.Length)
                {
                    break;
                }
            }
        }
        catch (IOException)
        {
            // It was cut.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AttackSucceededException($"a request was neither answered nor closed within {Patience.TotalSeconds} s");
        }

        return length > 12 && int.TryParse(
            Encoding.ASCII.GetString(_buffer, 9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : 0;
    }

    /// <summary>Reads an answer with a body of a known length, so that another request may follow.</summary>
    /// <returns>Its status; 0 where the server closes.</returns>
    public async Task<int> ReadAnswerAsync(CancellationToken cancellationToken)
    {
        var status = await ReadStatusAsync(cancellationToken);
        var head = Encoding.ASCII.GetString(_buffer, 0, Math.Max(0, _buffer.AsSpan().IndexOf("\r\n\r\n"u8)));
        var at = head.IndexOf(LengthField, StringComparison.OrdinalIgnoreCase);
        if (status == 0 || at < 0)
        {
            return 0;
        }

        var length = int.Parse(head[(at + LengthField.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
        await stream.ReadExactlyAsync(_buffer.AsMemory(0, Math.Min(length, _buffer.Length)), cancellationToken);
        return status;
    }

    /// <summary>Reads until the time is over, or the server closes.</summary>
    /// <returns>How many bytes came, and whether the server has closed.</returns>
    public async Task<(long Bytes, bool IsClosed)> DrainAsync(CancellationToken until)
    {
        var read = 0L;
        try
        {
            while (true)
            {
                var more = await stream.ReadAsync(_buffer, until);
                if (more == 0)
                {
                    return (read, true);
                }

                read += more;
            }
        }
        catch (OperationCanceledException)
        {
            return (read, false);
        }
        catch (IOException)
        {
            return (read, true);
        }
    }

    /// <summary>Leaves without a word.</summary>
    public ValueTask DisposeAsync()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
