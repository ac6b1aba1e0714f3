namespace Netra.Pipeline.Load.Checks;

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Where">Whom it happened to: a user and a connection, or a publisher.</param>
/// <param name="Detail">What was seen, with numbers and times since the beginning of the run.</param>
internal sealed record Finding(FindingKind Kind, string Where, string Detail);
