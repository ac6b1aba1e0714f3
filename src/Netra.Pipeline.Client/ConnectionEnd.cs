namespace Netra.Pipeline.Client;

/// <summary>How a connection, or a try to make one, has ended.</summary>
/// <param name="Code">Which ending (<see cref="CloseCodes"/>).</param>
/// <param name="Reason">In words.</param>
internal sealed record ConnectionEnd(int Code, string Reason)
{
    /// <summary>Why connecting again would only repeat it; null where it would not.</summary>
    public EventClientFailure? Failure { get; init; } = CloseCodes.FailureOf(Code);

    /// <summary>How long to wait before connecting again, in place of the first pause; null for that.</summary>
    public TimeSpan? Instead { get; init; }

    /// <summary>The least that the server asks to wait; null for nothing.</summary>
    public TimeSpan? AtLeast { get; init; }

    /// <summary>What it was found by, if by an exception.</summary>
    public Exception? Cause { get; init; }

    /// <summary>An ending with what the server, or the system, said of it.</summary>
    public static ConnectionEnd Of(int code, string? detail = null)
        => new(code, string.IsNullOrEmpty(detail) ? CloseCodes.Describe(code) : $"{CloseCodes.Describe(code)} ({detail})");
}
