namespace Netra.Pipeline.Alerting;

/// <summary>Where alerts are kept.</summary>
/// <param name="IsInMemory">Whether they end with the process, as the events of the in-memory log do. Otherwise they are in <c>alerts.db</c> in <c>Netra:DataDirectory</c>.</param>
internal sealed record AlertStorage(bool IsInMemory);
