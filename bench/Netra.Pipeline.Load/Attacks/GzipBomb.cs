using System.IO.Compression;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>A body of a few kilobytes that says it stands for many megabytes.</summary>
internal sealed class GzipBomb() : Attack("gzip-bomb", "compressed bodies that would be 64 MB, and a WebSocket that asks for compression")
{
    private const int Inflated = 64 * 1024 * 1024;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[Inflated], cancellationToken);
        }

        var statuses = new List<int>();
        foreach (var type in new[] { "application/json", "application/x-ndjson" })
        {
            await using var publisher = await target.ConnectAsync(cancellationToken);
            await publisher.SendAsync(
                target.PublishHead(type, $"Content-Encoding: gzip\r\nContent-Length: {bomb.Length}\r\n"), cancellationToken);
            await publisher.TrySendAsync(bomb.ToArray(), cancellationToken);
            statuses.Add(await publisher.ReadStatusAsync(cancellationToken));
        }

        if (statuses.Exists(static status => status is not (0 or (>= 400 and < 500))))
        {
            throw new AttackSucceededException($"compressed bodies were answered with {string.Join(", ", statuses)}");
        }

        var fields = await target.FieldsOfAsync(0, cancellationToken)
            + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15\r\n";
        var handshake = await target.AskAsync(target.Handshake(0, fields: fields), cancellationToken);
        return $"bodies were answered with {string.Join(" and ", statuses)}, the handshake with {handshake}";
    }
}
