using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>Frames that RFC 6455 forbids: each must end its connection.</summary>
internal sealed class BrokenFrames() : Attack("broken-frames", "frames that no client may send: unmasked, reserved, oversize, out of place")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly byte[] Tail = new byte[32];

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        (string What, byte[] Bytes)[] broken =
        [
            ("no mask", [0x81, 0x02, (byte)'{', (byte)'}']),
            ("a reserved bit", [0xC1, 0x82, 0, 0, 0, 0, (byte)'{', (byte)'}']),
            ("a reserved opcode", [0x83, 0x80, 0, 0, 0, 0]),
            ("a reserved control opcode", [0x8B, 0x80, 0, 0, 0, 0]),
            ("a ping in parts", [0x09, 0x80, 0, 0, 0, 0]),
            ("a ping of 126 bytes", [0x89, 0xFE, 0, 126, 0, 0, 0, 0, .. new byte[126]]),
            ("a fragment that continues nothing", [0x80, 0x80, 0, 0, 0, 0]),
            ("a message within a message", [0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0]),
            ("a length of 2^63", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("a length of 2^62", [0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("a text that is no UTF-8", [0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE]),
            ("a binary frame", Frames.Of(ClientFrame.Binary, "x"u8)),
            ("a close frame of one byte", Frames.Of(ClientFrame.Close, "x"u8)),
            ("a close code that is reserved", Frames.Of(ClientFrame.Close, [0x03, 0xED])),
        ];
        var survived = await WhenAllAsync(broken.Length, async i =>
        {
            await using var page = await target.OpenAsync(i, string.Empty, cancellationToken);
            await page.TrySendAsync(broken[i].Bytes, cancellationToken);
            using var patience = Until(Patience, cancellationToken);

            // Of a frame that is as long as it says the server may await the rest; it must not do so for a message that is too long.
            await page.TrySendAsync(Frames.Many(Tail, 4096), cancellationToken);
            return (await page.DrainAsync(patience.Token)).IsClosed ? null : broken[i].What;
        });
        return survived.OfType<string>().ToArray() is { Length: > 0 } left
            ? throw new AttackSucceededException($"not closed after {string.Join(", ", left)}")
            : $"{broken.Length} of {broken.Length} were closed";
    }
}
