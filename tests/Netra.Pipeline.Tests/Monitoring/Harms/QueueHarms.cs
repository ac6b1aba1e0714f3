using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// More comes than is taken: that is pushed back to whoever sends it, or taken from whoever does not read, and from nobody else.
/// </summary>
internal static class QueueHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new(
            "burst_fills_the_log", Guard.EmergencyMode, "Publishers send faster than the disk takes", "their runs, and whoever reads them",
            "lines were refused with `log_full`, and emergency mode withheld the text of all runs")
        {
            Count = (10_000, 100_000),
            Counted = "tokens",
            Settings = [("Netra:Log:Sqlite:QueueEntries", "200")],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await using var lines = await RunLines.OpenAsync(bench);
                for (var i = 0; i < bench.Count; i += 2_000)
                {
                    await lines.SendManyAsync("ada", "r1", "token", """{"delta":"word "}""", 2_000);
                    await lines.ReadAllAsync();
                }

                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
        yield return new(
            "pages_that_never_read",
            Guard.Queues,
            "Many pages never read, and all queues together hold too much",
            "a page that reads, and its run",
            "held, but for 2 MB a page; with a small heap requests of others were broken off")
        {
            Count = (120, 500),
            Counted = "pages",

            // They answer nothing either, and would be given up before they are many.
            Settings =
            [
                ("Netra:Connections:BufferBudgetBytes", "16777216"),
                ("Netra:Connections:PingInterval", "01:00:00"),
                ("Netra:Connections:StallTimeout", "01:00:00"),
            ],

            // More than half of all connections within a minute are a crowd, too.
            TrueAlerts = ["buffer_overflow", "unhealthy_check"],
            Happens = static async bench =>
            {
                await ConnectSilentAsync(bench);
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await using var flood = await RunLines.OpenAsync(bench);
                await using var lines = await RunLines.OpenAsync(bench);
                await ToSilentAsync(bench, flood, "agent_started", """{"agent_name":"demo","lease_ms":3600000}""");
                for (var n = 0; n < 100; n++)
                {
                    var answered = ToSilentAsync(bench, flood, "token", $$"""{"delta":"{{new string('x', 8_000)}}"}""");
                    await lines.SendAsync("ada", "r1", "token", """{"delta":"word "}""");
                    await answered;
                    await lines.ReadAllAsync();
                }

                await ToSilentAsync(bench, flood, "agent_completed", """{"agent_name":"demo"}""");
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
    }

    private static async Task ToSilentAsync(HarmBench bench, RunLines flood, string type, string data)
    {
        await flood.SendBadAsync(
            string.Join('\n', Enumerable.Range(0, bench.Count).Select(i => HarmBench.Json($"silent-{i}", "sick-1", type, data))));
        await flood.ReadAsync(bench.Count);
    }

    private static async Task ConnectSilentAsync(HarmBench bench)
    {
        for (var i = 0; i < bench.Count; i++)
        {
            var silent = bench.Keep(new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 });
            await silent.ConnectAsync(IPAddress.Loopback, bench.Port);
            await silent.SendAsync(Encoding.ASCII.GetBytes(
                $"GET /ws?user_id=silent-{i} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        }
    }
}
