namespace Netra.Pipeline.Client;

/// <summary>As many messages as may be are waiting to be answered; this one was not taken.</summary>
public sealed class SendBufferFullException : Exception
{
    /// <summary>One message more than may wait.</summary>
    public SendBufferFullException(string message)
        : base(message)
    {
    }
}
