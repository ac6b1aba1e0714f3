namespace Netra.Pipeline.Load.Clients;

/// <summary>
/// The runtime's setting by which sockets complete on the thread that waits for them all. It is this process's alone: servers that are
/// started from here must not inherit it.
/// </summary>
internal static class InlineCompletions
{
    /// <summary>The environment variable that the runtime reads when the first socket is made.</summary>
    public const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
}
