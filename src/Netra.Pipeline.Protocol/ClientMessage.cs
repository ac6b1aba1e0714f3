namespace Netra.Pipeline.Protocol;

/// <summary>A message from client to server (docs/protocol.md, section 4).</summary>
public abstract record ClientMessage;
