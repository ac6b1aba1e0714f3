namespace Netra.Pipeline.Protocol;

/// <summary><c>authenticate</c>: a new credential for the connection (docs/protocol.md, section 12.3).</summary>
/// <param name="Token">The credential. It belongs in no log and no message.</param>
/// <param name="Id">Chosen by the client, 1 to 128 characters, if it wants it back in the answer.</param>
public sealed record AuthenticateMessage(string Token, string? Id = null) : ClientMessage
{
    /// <summary>Says that there is a credential, but not which.</summary>
    public override string ToString() => $"{nameof(AuthenticateMessage)} {{ Id = {Id} }}";
}
