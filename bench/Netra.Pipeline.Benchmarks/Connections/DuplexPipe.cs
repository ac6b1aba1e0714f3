using System.IO.Pipelines;

namespace Netra.Pipeline.Benchmarks.Connections;

/// <summary>Two ends of pipes, as a transport.</summary>
internal sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
