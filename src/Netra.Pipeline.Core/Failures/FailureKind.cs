namespace Netra.Pipeline.Failures;

/// <summary>Which failures are told together: those of a user with one code; those of nobody with one code, from one operation, since its
/// name says what has failed.</summary>
/// <param name="Code">The code.</param>
/// <param name="UserId">The user; null for nobody, and for the rest when there are too many.</param>
/// <param name="Operation">The operation, where there is no user.</param>
internal readonly record struct FailureKind(FailureCode Code, string? UserId, string? Operation)
{
    public static FailureKind Of(Failure failure) => new(failure.Code, failure.UserId, failure.UserId is null ? failure.Operation : null);

    public static FailureKind RestOf(Failure failure) => new(failure.Code, null, null);
}
