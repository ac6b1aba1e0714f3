using Netra.Pipeline.Commands;

namespace Netra.Pipeline.Connections;

/// <summary>The pages of users, as the commands know them.</summary>
internal sealed class CommandPages(ConnectionRegistry connections) : CommandAudience
{
    public override void Tell(string userId, byte[] message) => connections.TellUser(userId, message);
}
