using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>What peers send cannot begin a line of the log, nor reach the terminal of whoever reads it.</summary>
[TestFixture]
[Platform("Linux")]
[Parallelizable(ParallelScope.All)]
internal sealed class ForgedLinesTests
{
    private const string Evil
        = "x\ncrit: Forged.Category[1]\r\n      forged\u001b[2J\u001b]0;title\u0007\u0085\u009b31m\u2028\u202eevil\u2066\0";

    [Test]
    public async Task Log_OfWhatPeersSend_HasNoLineAndNoControlOfTheirs([Values("text", "json")] string format)
    {
        var folder = Directory.CreateTempSubdirectory("netra-forged-");
        try
        {
            var file = Path.Combine(folder.FullName, "out.log");
            await using (var server = ServerProcess.Start(
                [
                    "bash", "-c", $"exec dotnet \"$0\" \"$@\" > >(tee '{file}')",
                    Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.dll"),
                ],
                "Development",
                [],
                $"--Netra:DataDirectory={Path.Combine(folder.FullName, "data")}",
                $"--Netra:Logging:Format={format}",
                "--Logging:LogLevel:Default=Debug",
                "--Logging:Console:FormatterOptions:IncludeScopes=true"))
            {
                await SendAsync(await server.WhenReadyAsync());
                await server.StopAsync();
            }

            var text = await File.ReadAllTextAsync(file);
            Assert.That(text, Does.Contain("Forged.Category").And.Contain("evil"), "it was logged");
            Assert.That(
                text.Where(static c => (char.IsControl(c) && c != '\n') || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e')
                    or (>= '\u2066' and <= '\u2069')).Select(static c => $"U+{(int)c:X4}").Distinct(),
                Is.Empty);
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(lines.Where(static line => line.TrimStart().StartsWith("crit: Forged", StringComparison.Ordinal)), Is.Empty);
            if (format == "json")
            {
                Assert.That(lines.Select(static line => JsonElement.Parse(line).ValueKind), Is.All.EqualTo(JsonValueKind.Object));
            }
            else
            {
                // A line begins an entry, or is inside of one.
                Assert.That(
                    lines.Where(static line => !line.StartsWith("      ", StringComparison.Ordinal)
                        && line[..Math.Min(6, line.Length)] is not ("trce: " or "dbug: " or "info: " or "warn: " or "fail: " or "crit: ")),
                    Is.Empty);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task SendAsync(int port)
    {
        var evil = JsonSerializer.Serialize(Evil);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        foreach (var (type, data) in new[]
        {
            ("agent_started", $$"""{"agent_name":{{evil}}}"""),
            ("tool_executing", $$"""{"tool_name":{{evil}},"call_id":{{evil}}}"""),
            ("tool_completed", $$"""{"tool_name":{{evil}},"status":"ok","call_id":"none"}"""),
            (Evil, "{}"),
        })
        {
            await PostAsync(http, "/v1/events", $$"""
                {"user_id":"ada","thread_id":"t1","run_id":"r1","type":{{JsonSerializer.Serialize(type)}},"data":{{data}}}
                """);
        }

        await PostAsync(http, "/v1/events", $$"""{"data":{},"user_id":{{evil}},"thread_id":{{evil}},"run_id":"r","type":"token"}""");
        await PostAsync(http, "/v1/events", Evil);
        await PostAsync(
            http,
            "/monitoring/websocket/emergency/alert",
            $$"""{"title":{{evil}},"message":{{evil}},"author":{{evil}},"severity":"high"}""");
        await PostAsync(http, "/monitoring/websocket/silences", $$"""{"comment":{{evil}},"author":{{evil}},"duration_s":60}""");
        var name = Uri.EscapeDataString(Evil.Replace("\0", "", StringComparison.Ordinal));
        using var path = await http.GetAsync(new Uri($"/v1/users/{name}/undelivered", UriKind.Relative));
        await using (var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada")))
        {
            await page.SendAsync($$"""{"type":"chat_message","id":{{evil}},"thread_id":"t","content":{{evil}}}""");
            await page.SendAsync($$"""{"type":{{evil}}}""");
            await page.SendAsync(Evil);
            await page.ReadToEndAsync();
        }

        await using var raw = await RawPeer.ConnectAsync(port);
        await raw.SendAsync("GET /ws?user_id=a HTTP/1.1\r\nHost: \u001b[2J\r\nOrigin: \u001b[31mx\r\nUser-Agent: \u001b[2J\r\n\r\n");
    }

    private static async Task PostAsync(HttpClient http, string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(path, content);
    }
}
