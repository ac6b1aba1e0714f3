namespace Netra.Pipeline.Load.Verify;

/// <summary>What an acceptance run was asked to do. The command has checked it.</summary>
/// <param name="Url">The deployment's root.</param>
internal sealed record VerifyOptions(Uri Url)
{
    /// <summary>Who publishes and looks; null in Development.</summary>
    public string? Token { get; init; }

    /// <summary>Whose page it is; null in Development.</summary>
    public string? UserToken { get; init; }

    /// <summary>Another user; null in Development.</summary>
    public string? OtherUserToken { get; init; }

    /// <summary>How many events are timed, and sent over a dropped socket.</summary>
    public int Events { get; init; } = 300;

    /// <summary>How long a receipt may take on average.</summary>
    public TimeSpan MaxReceipt { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long each check may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool IsJson { get; init; }
}
