namespace Netra.Pipeline.Load.Publishing;

/// <summary>
/// The codes with which a server may refuse an event that is as it should be (sections 8 and 9 of the protocol). Any other says that the
/// server, or the run's credential, is wrong.
/// </summary>
internal static class Refusals
{
    /// <summary>Whether a healthy server may say this.</summary>
    public static bool IsKnown(string code)
        => code is "log_full" or "log_failed" or "overflow_timeout" or "not_initialized" or "bridge_unavailable" or "draining"
            or "emergency_mode" or "run_ended" or "too_many_connections";
}
