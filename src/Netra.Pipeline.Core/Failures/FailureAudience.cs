using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Failures;

/// <summary>
/// Whom failures are shown to: the open connections of the users whom they concern. It is handed to the funnel,
/// which knows nothing of connections.
/// </summary>
public abstract class FailureAudience
{
    private protected FailureAudience()
    {
    }

    /// <summary>Shows a failure on each open connection of a user.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="message">What has failed.</param>
    /// <param name="failures">How many failures it stands for.</param>
    internal abstract void TellUser(string userId, ErrorMessage message, long failures = 1);

    /// <summary>Shows it on all open connections.</summary>
    /// <param name="message">What has happened.</param>
    internal abstract void TellAll(ErrorMessage message);
}
