namespace Netra.Pipeline.Load.Clients;

/// <summary>How a connection has ended.</summary>
/// <param name="By">Whose doing it is.</param>
/// <param name="CloseCode">What the server's close frame says; null when there was none.</param>
/// <param name="Reason">In words.</param>
internal sealed record ClientEnd(ClientEndCause By, int? CloseCode, string Reason);
