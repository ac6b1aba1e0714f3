using System.Globalization;
using System.Text;

namespace Netra.Pipeline.Load.Publishing;

/// <summary>An answer in HTTP/1.1 that is read while its request is being sent: lines in chunks.</summary>
/// <param name="stream">The connection.</param>
internal sealed class HttpAnswer(Stream stream)
{
    private const int MaxHeader = 32 * 1024;
    private const int MaxLine = 64 * 1024;
    private byte[] _buffer = new byte[64 * 1024];
    private int _filled;
    private long _chunk;
    private bool _isAfterChunk;
    private byte[] _line = new byte[4 * 1024];
    private int _lineLength;

    /// <summary>Its status code.</summary>
    public int Status { get; private set; }

    /// <summary>Reads the status line and the header fields.</summary>
    public async Task ReadHeaderAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (_filled > MaxHeader)
            {
                throw new InvalidDataException($"an answer's header has more than {MaxHeader} bytes");
            }

            await FillAsync(cancellationToken);
        }

        var header = Encoding.Latin1.GetString(_buffer, 0, end);
        Status = header.Length > 12 && int.TryParse(header.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : throw new InvalidDataException($"an answer begins with {header.Split('\r')[0]}");
        Consume(end + 4);
    }

    /// <summary>What comes until the server ends the connection, or the first bytes of it.</summary>
    /// <param name="timeout">How long it may take: a server may leave the connection open.</param>
    public async Task<byte[]> ReadRestAsync(TimeSpan timeout)
    {
        using var patience = new CancellationTokenSource(timeout, TimeProvider.System);
        try
        {
            while (_filled < _buffer.Length)
            {
                var read = await stream.ReadAsync(_buffer.AsMemory(_filled), patience.Token);
                if (read == 0)
                {
                    break;
                }

                _filled += read;
            }
        }
        catch (OperationCanceledException)
        {
            // What is there must do.
        }

        return _buffer[.._filled];
    }

    /// <summary>Reads some of the body, and gives away the lines that are whole.</summary>
    /// <param name="take">Takes them.</param>
    /// <returns>False after the last chunk.</returns>
    public async Task<bool> ReadLinesAsync(LineReader take)
    {
        while (_chunk == 0)
        {
            // The size of the next chunk, after the end of line of the one before.
            var begin = _isAfterChunk ? 2 : 0;
            var end = _filled > begin ? _buffer.AsSpan(begin, _filled - begin).IndexOf("\r\n"u8) : -1;
            if (end < 0)
            {
                if (_filled > MaxHeader)
                {
                    throw new InvalidDataException($"the size of a chunk of an answer has more than {MaxHeader} bytes");
                }

                await FillAsync(CancellationToken.None);
                continue;
            }

            var size = Encoding.ASCII.GetString(_buffer, begin, end).Split(';')[0];
            if (!_buffer.AsSpan(0, begin).SequenceEqual("\r\n"u8[..begin])
                || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _chunk)
                || _chunk < 0)
            {
                throw new InvalidDataException($"a chunk of an answer begins with '{size}'");
            }

            Consume(begin + end + 2);
            _isAfterChunk = true;
            if (_chunk == 0)
            {
                return false;
            }
        }

        if (_filled == 0)
        {
            await FillAsync(CancellationToken.None);
        }

        var length = (int)Math.Min(_chunk, _filled);
        Split(_buffer.AsSpan(0, length), take);
        Consume(length);
        _chunk -= length;
        return true;
    }

    private void Split(ReadOnlySpan<byte> bytes, LineReader take)
    {
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (_lineLength == 0)
            {
                take(bytes[..end].TrimEnd((byte)'\r'));
            }
            else
            {
                Keep(bytes[..end]);
                take(_line.AsSpan(0, _lineLength).TrimEnd((byte)'\r'));
                _lineLength = 0;
            }

            bytes = bytes[(end + 1)..];
        }

        Keep(bytes);
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (_lineLength + part.Length > MaxLine)
        {
            throw new InvalidDataException($"a line of an answer has more than {MaxLine} bytes");
        }

        if (_lineLength + part.Length > _line.Length)
        {
            Array.Resize(ref _line, Math.Max(_lineLength + part.Length, _line.Length * 2));
        }

        part.CopyTo(_line.AsSpan(_lineLength));
        _lineLength += part.Length;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        if (_filled == _buffer.Length)
        {
            Array.Resize(ref _buffer, _filled * 2);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_filled), cancellationToken);
        _filled += read > 0 ? read : throw new EndOfStreamException("the server has ended the connection in the middle of its answer");
    }

    private void Consume(int count)
    {
        _filled -= count;
        _buffer.AsSpan(count, _filled).CopyTo(_buffer);
    }
}
