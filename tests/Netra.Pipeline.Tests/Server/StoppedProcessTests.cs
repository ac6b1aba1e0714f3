using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Delivery;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>
/// The real process is stopped (SIGSTOP), or has no threads, for longer than every time-out, and goes on: nobody is ended who answers, and
/// nobody is alarmed. <c>NETRA_STOP_SECONDS</c> stops it for longer. The cases run beside each other, since most of their time is waiting,
/// and nothing else beside them.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Children)]
internal sealed class StoppedProcessTests
{
    private const int Pages = 20;

    // Longer than interval and time-out of the pings together, the stall time-out, and the pause before an unconfirmed event is sent again.
    private static readonly TimeSpan Stop = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("NETRA_STOP_SECONDS"), CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : 8);

    [Test]
    public Task Process_StoppedAndContinued_EndsNoPageThatAnswersButTheOneThatDied() => ShowAsync([], async (server, _) =>
    {
        await server.SignalAsync("STOP");
        await Task.Delay(Stop, TimeProvider.System);
        await server.SignalAsync("CONT");
    });

    // That its threads are starved is an alert, and a true one.
    [Test]
    public Task Process_WithoutThreads_EndsNoPageThatAnswersButTheOneThatDied()
        => ShowAsync(["thread_pool_starved", "unhealthy_check", "high_latency", "very_high_latency"], static async (_, hook) =>
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(hook));
            await socket.SendAsync(
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(int)Stop.TotalMilliseconds}\n")));
            await socket.ReceiveAsync(new byte[1]);
        });

    private static async Task ShowAsync(string[] trueAlerts, Func<ServerProcess, string, Task> happens)
    {
        var folder = Directory.CreateTempSubdirectory("netra-stopped-");
        try
        {
            var hook = Path.Combine(folder.FullName, "harm.sock");
            await using var server = ServerProcess.Start(
                "Development",
                [
                    ("DOTNET_STARTUP_HOOKS", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.HarmHook.dll")),
                    ("NETRA_HARM_SOCKET", hook),
                ],
                $"--Netra:DataDirectory={folder.FullName}",
                "--Netra:Connections:PingInterval=00:00:02",
                "--Netra:Connections:PingTimeout=00:00:02",
                "--Netra:Connections:FrozenTimeout=00:00:04",
                "--Netra:Connections:StallTimeout=00:00:03",
                "--Netra:Connections:SilentFailureWindow=00:01:00",
                "--Netra:Monitoring:HealthCheckInterval=00:00:01",
                "--Netra:Monitoring:CanaryTimeout=00:00:03");
            var port = await server.WhenReadyAsync();
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            var pages = await Task.WhenAll(
                Enumerable.Range(0, Pages).Select(page => AnsweringPage.ConnectAsync(Socket(port, $"user{page}"))));
            await using var dead = await RawClient.ConnectAsync(Socket(port, "dead"));
            await PublishAsync(http, "agent_started");
            await Eventually.BecomesTrueAsync(() => pages[0].Events.Any(), "the page works");

            await happens(server, hook);

            await PublishAsync(http, "agent_completed");
            await Eventually.BecomesTrueAsync(() => pages[0].Events.Count() == 2, "it still works");
            await Eventually.BecomesTrueAsync(
                () => server.Output.Contains("Connection", StringComparison.Ordinal) && IsEnded(server, dead.Welcome.ConnectionId),
                "the one that died is found out");
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);

            Assert.That(pages.Select(static page => page.Closed), Is.All.Null);
            Assert.That(pages.Skip(1).All(static page => page.Messages.OfType<PingMessage>().Any()), Is.True, "they were asked");
            Assert.That(
                (await AlertsAsync(http)).Where(alert => !trueAlerts.Contains(alert.Name)).Select(static alert => alert.Json), Is.Empty);
            Assert.That(server.Output, Does.Contain("This process did not run for"));
            Assert.That(server.Critical, Is.Empty);
            foreach (var page in pages)
            {
                await page.DisposeAsync();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Uri Socket(int port, string userId) => new($"ws://127.0.0.1:{port}/ws?user_id={userId}");

    private static bool IsEnded(ServerProcess server, string connectionId)
        => server.Output.Contains($"Connection {connectionId} of dead ended: ping_timeout", StringComparison.Ordinal);

    private static async Task PublishAsync(HttpClient http, string type)
    {
        var data = type == "agent_started" ? """{"agent_name":"demo"}""" : """{"agent_name":"demo","duration_ms":1}""";
        var (answer, _) = await http.PublishAsync(PublishExtensions.EventJson(type, data, "user0", "r1"));
        Assert.That(answer.IsSuccessStatusCode, Is.True);
    }

    private static async Task<(string? Name, string Json)[]> AlertsAsync(HttpClient http)
    {
        using var body = JsonDocument.Parse(await http.GetStringAsync(new Uri("/monitoring/websocket/alerts", UriKind.Relative)));
        return
        [
            .. body.RootElement.GetProperty("alerts")
                .EnumerateArray()
                .Where(static alert => alert.Text("state") != "pending")
                .Select(static alert => (alert.Text("name"), alert.GetRawText()))
        ];
    }
}
