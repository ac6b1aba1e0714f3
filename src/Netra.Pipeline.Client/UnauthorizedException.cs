namespace Netra.Pipeline.Client;

/// <summary>
/// Thrown by an application's source of tokens when there is none and asking again would not help: nobody is signed in any more, say.
/// Any other exception of it is taken for a trouble that passes.
/// </summary>
public sealed class UnauthorizedException : Exception
{
    /// <summary>There is no token.</summary>
    /// <param name="message">Why, in words. It belongs in logs, so it must not have a credential in it.</param>
    /// <param name="innerException">What it was found by, if by one.</param>
    public UnauthorizedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
