namespace Netra.Pipeline.Protocol;

/// <summary>A message from server to client (docs/protocol.md, section 3).</summary>
public abstract record ServerMessage;
