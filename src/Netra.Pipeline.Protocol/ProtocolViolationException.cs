namespace Netra.Pipeline.Protocol;

/// <summary>
/// A message is not what the protocol allows. The text names the member, what is wrong with it and the limit; it never repeats the
/// peer's text at length, so it can be logged and sent back.
/// </summary>
public sealed class ProtocolViolationException : Exception
{
    /// <summary>A violation described by <paramref name="message"/>.</summary>
    public ProtocolViolationException(string message)
        : base(message)
    {
    }

    /// <summary>A violation described by <paramref name="message"/>, found through another exception.</summary>
    public ProtocolViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
