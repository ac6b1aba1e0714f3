namespace Netra.Pipeline.Load.Attacks;

/// <summary>The beginning of TLS where plain HTTP is spoken: what a client with the wrong scheme sends.</summary>
internal sealed class TlsHello() : Attack("tls-hello", "500 connections that begin with TLS on a plain port")
{
    private const int Connections = 500;

    // A record of a handshake, version 1.0, with a ClientHello of no use in it.
    private static readonly byte[] Hello = [0x16, 0x03, 0x01, 0x00, 0x40, 0x01, 0x00, 0x00, 0x3C, 0x03, 0x03, .. new byte[59], (byte)'\n'];

    public override bool IsForPlainOnly => true;

    public override async Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var statuses = await WhenAllAsync(Connections, async _ =>
        {
            await using var connection = await target.ConnectAsync(cancellationToken);
            await connection.TrySendAsync(Hello, cancellationToken);
            return await connection.ReadStatusAsync(cancellationToken);
        });
        return "answered with " + string.Join(
            ", ", statuses.GroupBy(static status => status).Select(static group => $"{group.Key} × {group.Count()}"));
    }
}
