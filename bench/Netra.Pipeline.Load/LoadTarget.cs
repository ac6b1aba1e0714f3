using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load;

/// <summary>The deployment that is loaded.</summary>
/// <param name="Url">Its root: http or https.</param>
/// <param name="Protocol">What its sockets speak.</param>
internal sealed record LoadTarget(Uri Url, LoadProtocol Protocol)
{
    /// <summary>The bearer token of the publisher; null in Development.</summary>
    public string? Token { get; init; }

    /// <summary>The bearer tokens of users, a user each; empty in Development.</summary>
    public IReadOnlyList<string> UserTokens { get; init; } = [];

    /// <summary>Names this run's users, so that runs do not meet.</summary>
    public string RunName { get; init; } = $"load-{Guid.NewGuid():N}"[..11];

    /// <summary>The address of a connection.</summary>
    /// <param name="index">Which page it is for.</param>
    /// <param name="pathAndQuery">The target of the handshake.</param>
    /// <param name="subprotocol">The subprotocol; null for none.</param>
    public ClientAddress Address(int index, string pathAndQuery, string? subprotocol) => new(Url, pathAndQuery)
    {
        Index = index,
        Subprotocol = subprotocol,
        Token = UserTokens.Count > 0 ? UserTokens[index % UserTokens.Count] : null,
    };
}
