using System.IO.Pipelines;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>A transport that says when something is flushed to it.</summary>
internal sealed class TracedTransport(IDuplexPipe transport, TracedEvent traced) : IDuplexPipe
{
    public const string Socket = "To the socket";
    public const string Answer = "Answered";

    public PipeReader Input => transport.Input;

    public PipeWriter Output { get; } = new TracedWriter(transport.Output, traced);

    private sealed class TracedWriter(PipeWriter writer, TracedEvent traced) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => writer.CanGetUnflushedBytes;

        public override long UnflushedBytes => writer.UnflushedBytes;

        public override void Advance(int bytes) => writer.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => writer.GetSpan(sizeHint);

        public override void CancelPendingFlush() => writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => writer.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            traced.Reached(Socket, through: "/WebSockets/ConnectionWriter.cs");
            traced.Reached(Answer, through: "/Publishing/");
            return writer.FlushAsync(cancellationToken);
        }
    }
}
