using System.IO.Pipelines;

namespace Netra.Pipeline.WebSockets;

/// <summary>Pipes over the stream that an upgrade gives: there are none before it.</summary>
internal sealed class LatePipes : IDuplexPipe
{
    private PipeReader? _input;
    private PipeWriter? _output;

    public PipeReader Input => _input ?? throw new InvalidOperationException("The connection is not upgraded yet.");

    public PipeWriter Output => _output ?? throw new InvalidOperationException("The connection is not upgraded yet.");

    public void Open(Stream stream)
    {
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, useZeroByteReads: true));
        _output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public async Task CompleteAsync()
    {
        if (_output is null)
        {
            return;
        }

        try
        {
            await _output.CompleteAsync();
            await Input.CompleteAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer was gone before the last bytes. The connection has ended, and its reason is known.
        }
    }
}
