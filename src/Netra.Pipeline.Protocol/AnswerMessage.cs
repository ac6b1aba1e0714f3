using System.Text.Json;

namespace Netra.Pipeline.Protocol;

/// <summary><c>answer</c>: the client answers what a run asks.</summary>
/// <param name="Id">Chosen by the client, 1 to 128 characters; comes back in <c>accepted</c> or <c>error</c>.</param>
/// <param name="ThreadId">The thread of the run.</param>
/// <param name="RunId">The run.</param>
/// <param name="RequestId">What the run has asked.</param>
/// <param name="Value">The answer: any JSON. Whether it is of the kind that was asked for is checked later, and answered.</param>
public sealed record AnswerMessage(string Id, string ThreadId, string RunId, string RequestId, JsonElement Value) : ClientMessage;
