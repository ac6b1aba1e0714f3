namespace Netra.Pipeline.Client;

/// <summary>A message to the backend was refused, or nobody can say what became of it.</summary>
public sealed class RequestException : Exception
{
    /// <summary>A refusal.</summary>
    public RequestException(string code, string message)
        : base(message) => Code = code;

    /// <summary>
    /// The server's code (docs/protocol.md, section 8); or <c>unanswered</c>: it was sent, and the answer did not come in time, so that it
    /// may be repeated under the same id; or <c>not_connected</c>: it was not sent.
    /// </summary>
    public string Code { get; }
}
