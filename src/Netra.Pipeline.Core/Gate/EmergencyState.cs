namespace Netra.Pipeline.Gate;

/// <summary>An emergency that is on.</summary>
/// <param name="Reason">Why, for people.</param>
/// <param name="Author">Who began it.</param>
/// <param name="Since">Since when.</param>
/// <param name="IsAutomatic">Whether the pipeline began it, so that it ends it too.</param>
internal sealed record EmergencyState(string Reason, string Author, DateTimeOffset Since, bool IsAutomatic);
