namespace Netra.Pipeline.Failures;

/// <summary>The server must not start: it failed its own verification, or something is wired without what it needs.</summary>
public sealed class StartupVerificationException : PipelineException
{
    private StartupVerificationException(
        FailureCode code, FailureScope scope, string what, IReadOnlyList<string> reasons, Exception? innerException)
        : base(
            code,
            scope,
            $"{what}: {string.Join("; ", reasons)}",
            new Dictionary<string, long>(StringComparer.Ordinal) { ["reasons"] = reasons.Count },
            innerException)
    {
        Reasons = reasons;
    }

    /// <summary>Everything that is wrong, at once; at least one.</summary>
    public IReadOnlyList<string> Reasons { get; }

    /// <summary>The events did not make the way they must (<see cref="FailureCode.StartupVerification"/>).</summary>
    /// <exception cref="ArgumentException"><paramref name="reasons"/> is empty.</exception>
    public static StartupVerificationException Failed(
        FailureScope scope, IReadOnlyList<string> reasons, Exception? innerException = null) =>
        new(FailureCode.StartupVerification, scope, "startup verification failed", NotEmpty(reasons), innerException);

    /// <summary>Agents or tools are registered without what they need (<see cref="FailureCode.WiringInvalid"/>).</summary>
    /// <exception cref="ArgumentException"><paramref name="reasons"/> is empty.</exception>
    public static StartupVerificationException WiringInvalid(FailureScope scope, IReadOnlyList<string> reasons) =>
        new(
            FailureCode.WiringInvalid,
            scope,
            "agents or tools are registered without what they need",
            NotEmpty(reasons),
            innerException: null);

    private protected override void AddDetails(Dictionary<string, object?> values) => values["reasons"] = Reasons;

    private static string[] NotEmpty(IReadOnlyList<string> reasons) =>
        reasons.Count > 0 ? [.. reasons] : throw new ArgumentException("at least one reason is needed", nameof(reasons));
}
