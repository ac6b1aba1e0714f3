using System.IO.Pipelines;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>A transport out of two halves.</summary>
internal sealed class MemoryTransport(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input { get; } = input;

    public PipeWriter Output { get; } = output;
}
