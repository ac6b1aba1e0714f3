namespace Netra.Pipeline.Protocol;

/// <summary><c>cancel_run</c>: the client asks for a run's cancellation.</summary>
/// <param name="Id">Chosen by the client, 1 to 128 characters; comes back in <c>accepted</c> or <c>error</c>.</param>
/// <param name="ThreadId">The thread of the run.</param>
/// <param name="RunId">The run.</param>
public sealed record CancelRunMessage(string Id, string ThreadId, string RunId) : ClientMessage;
