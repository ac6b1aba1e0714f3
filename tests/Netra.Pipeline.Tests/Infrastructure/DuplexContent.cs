using System.Net;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A request's body that is written while the answer is read; over HTTP/2, since <see cref="HttpClient"/> does not do so over HTTP/1.1.
/// </summary>
internal sealed class DuplexContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var stream = await _stream.Task.WaitAsync(patience.Token);
        await stream.WriteAsync(bytes, patience.Token);
        await stream.FlushAsync(patience.Token);
    }

    public void Complete() => _completed.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // Otherwise the head goes out with the first bytes only.
        await stream.FlushAsync();
        _stream.SetResult(stream);
        await _completed.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
