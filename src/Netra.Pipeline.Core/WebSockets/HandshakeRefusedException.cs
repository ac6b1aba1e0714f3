using Netra.Pipeline.Connections;

namespace Netra.Pipeline.WebSockets;

/// <summary>Carries a refusal out of the parser's callbacks, which have no other way to stop it.</summary>
internal sealed class HandshakeRefusedException(HandshakeRefusal refusal) : Exception(refusal.Message)
{
    public HandshakeRefusal Refusal { get; } = refusal;
}
