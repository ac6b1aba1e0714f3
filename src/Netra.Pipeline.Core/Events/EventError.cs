namespace Netra.Pipeline.Events;

/// <summary>What went wrong, as an event shows it.</summary>
/// <param name="Code">A stable word for programs.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record EventError(string Code, string Message);
