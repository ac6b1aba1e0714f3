namespace Netra.Pipeline.Load.Verify;

/// <summary>What a check has found.</summary>
/// <param name="Name">Which check.</param>
/// <param name="HasPassed">Whether it holds.</param>
/// <param name="Detail">What was seen, or why it does not hold.</param>
/// <param name="Took">How long it took.</param>
internal sealed record CheckResult(string Name, bool HasPassed, string Detail, TimeSpan Took);
