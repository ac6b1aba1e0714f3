using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load;

/// <summary>The deployment that is loaded.</summary>
/// <param name="Url">Its root: http or https.</param>
/// <param name="Protocol">What its sockets speak.</param>
internal sealed record LoadTarget(Uri Url, LoadProtocol Protocol)
{
    /// <summary>The bearer token of the publisher; null in Development.</summary>
    public string? Token { get; init; }

    /// <summary>The users with their tokens; empty in Development, where pages name users of the run.</summary>
    public IReadOnlyList<LoadUser> Users { get; init; } = [];

    /// <summary>Whether the server's certificate is not looked at.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Names this run's users, so that runs do not meet.</summary>
    public string RunName { get; init; } = $"load-{Guid.NewGuid():N}"[..11];

    /// <summary>The address of a connection.</summary>
    /// <param name="index">Which page it is for.</param>
    /// <param name="user">Which user's page it is.</param>
    /// <param name="pathAndQuery">The target of the handshake.</param>
    /// <param name="subprotocol">The subprotocol; null for none.</param>
    public ClientAddress Address(int index, int user, string pathAndQuery, string? subprotocol) => new(Url, pathAndQuery)
    {
        Index = index,
        Subprotocol = subprotocol,
        IsInsecure = IsInsecure,
        Token = Users.Count > 0 ? Users[user % Users.Count].Token : null,
    };
}
