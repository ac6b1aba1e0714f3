using System.Net.Sockets;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Connections that say nothing: each takes a file handle of the server.</summary>
internal sealed class SilentConnections() : Attack("silent-connections", "1,500 connections that say nothing")
{
    private const int Connections = 1500;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var open = new List<AttackConnection>();
        var refused = 0;
        try
        {
            for (var i = 0; i < Connections; i++)
            {
                try
                {
                    open.Add(await target.ConnectAsync(cancellationToken));
                }
                catch (SocketException)
                {
                    refused++;
                }
            }

            using var until = Until(duration, cancellationToken);
            var closed = (await Task.WhenAll(open.Select(connection => connection.DrainAsync(until.Token)))).Count(static c => c.IsClosed);
            return $"{open.Count} were opened, {refused} refused, {closed} closed within {duration.TotalSeconds} s";
        }
        finally
        {
            foreach (var connection in open)
            {
                await connection.DisposeAsync();
            }
        }
    }
}
