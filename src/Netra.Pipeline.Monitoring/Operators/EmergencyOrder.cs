namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>Asks for the emergency mode.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Author">Who asks, where nobody is authenticated.</param>
internal sealed record EmergencyOrder(string Reason, string? Author);
