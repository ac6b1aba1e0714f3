namespace Netra.Pipeline.Client.Publishing;

/// <summary>The server has refused an event for good. What it refuses for the time being is sent again instead.</summary>
public sealed class PublishRejectedException : Exception
{
    /// <summary>A refusal.</summary>
    /// <param name="code">The server's code (docs/protocol.md, section 8).</param>
    /// <param name="message">What is wrong, in the server's words.</param>
    /// <param name="rejected">What was refused.</param>
    public PublishRejectedException(string code, string message, PublishEvent rejected)
        : base($"{code}: {message}") => (Code, Event) = (code, rejected);

    /// <summary>The server's code (docs/protocol.md, section 8).</summary>
    public string Code { get; }

    /// <summary>What was refused.</summary>
    public PublishEvent Event { get; }
}
