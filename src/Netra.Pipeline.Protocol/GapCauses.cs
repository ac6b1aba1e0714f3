namespace Netra.Pipeline.Protocol;

/// <summary>The wire names of <see cref="GapCause"/>.</summary>
public static class GapCauses
{
    /// <summary>The name of <paramref name="cause"/> on the wire, such as <c>server_restart</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cause"/> is not a defined value.</exception>
    public static string WireName(GapCause cause) => cause switch
    {
        GapCause.Overflow => "overflow",
        GapCause.Expired => "expired",
        GapCause.ServerRestart => "server_restart",
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, "not a defined gap cause"),
    };

    /// <summary>Finds the cause with a wire name. Names are case-sensitive.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cause">The cause, when the result is <see langword="true"/>.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryParse(string? name, out GapCause cause)
    {
        switch (name)
        {
            case "overflow":
                cause = GapCause.Overflow;
                return true;
            case "expired":
                cause = GapCause.Expired;
                return true;
            case "server_restart":
                cause = GapCause.ServerRestart;
                return true;
            default:
                cause = default;
                return false;
        }
    }
}
