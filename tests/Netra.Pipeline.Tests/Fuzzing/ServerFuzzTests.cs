using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>
/// The real server under inputs that are nearly right, over real sockets, at both doors and on every route. After each batch a page that is
/// well has its events in order, nothing is logged as an error that has no code, no task's exception is left unobserved, every event is
/// accounted for, and memory and handles stay where they were. Alone, since they are measured. <c>NETRA_FUZZ_INPUTS</c> says how many
/// (a tenth of it), <c>NETRA_FUZZ_SEED</c> repeats.
/// </summary>
[TestFixture]
[NonParallelizable]
[Platform("Linux")]
internal sealed class ServerFuzzTests
{
    private const int Lanes = 16;
    private const int Batches = 10;
    private const int EventsPerBatch = 5;
    private const string Healthy = "healthy";
    private const string Secret = "a secret of a test, and of nothing else at all";

    // What stays of 50 users with all their events, of figures per user, and what pools keep.
    private const long MostGrown = 48L * 1024 * 1024;
    private const int MostHandles = 40;

    [Test]
    public async Task Server_InputsThatAreNearlyRight_ServesWhoIsWellAndKeepsNothing()
    {
        var inputs = Math.Max(Lanes * Batches, FuzzSettings.Inputs(20_000) / 10);
        var traffic = new HostileTraffic(FuzzSettings.Seed);
        using var tokens = TokenIssuer.OfSecret(Secret);
        await using var folder = new ServerFolder();
        var hook = Path.Combine(Path.GetTempPath(), $"netra-fuzz-{Environment.ProcessId}.sock");
        await using var server = ServerProcess.Start(
            "Development",
            [
                ("DOTNET_STARTUP_HOOKS", Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.HarmHook.dll")),
                ("NETRA_HARM_SOCKET", hook),
            ],
            [
                folder.Argument,
                "--Netra:Logging:Format=json",
                "--Logging:LogLevel:Default=Error",
                "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information",
                "--Netra:Demo:TokenDelay=00:00:00",

                // The page that is well reads nothing during a batch, not even pings, however long it takes.
                "--Netra:Connections:PingInterval=00:10:00",
                .. tokens.Settings(Secret).Select(static setting => $"--{setting.Key}={setting.Value}"),
            ]);
        var port = await server.WhenReadyAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id={Healthy}"));
        var began = TimeProvider.System.GetTimestamp();
        var first = default(Footprint);
        var last = default(Footprint);
        for (var batch = 0; batch < Batches; batch++)
        {
            var next = traffic.Next(inputs / Batches);
            await SendAsync(port, next);
            await ShouldServeAsync(http, page, batch);
            ShouldHaveNoErrors(server);
            last = await Footprint.OfAsync(server, hook);

            // What is compiled, loaded and grown once belongs to no input.
            first = batch == 1 ? last : first;
        }

        var took = TimeProvider.System.GetElapsedTime(began);
        FuzzSettings.Tell(
            $"| the server | {inputs:N0} | {inputs / took.TotalSeconds:N0} | {first} | {last} | {FuzzSettings.Seed} |");
        var ledger = JsonElement.Parse(await http.GetStringAsync(new Uri("/v1/ledger", UriKind.Relative)));
        Assert.Multiple(() =>
        {
            Assert.That(ledger.GetProperty("unaccounted").GetInt64(), Is.Zero, ledger.ToString());
            Assert.That(last.Alive - first.Alive, Is.LessThan(MostGrown), "memory grows");
            Assert.That(last.Handles - first.Handles, Is.LessThan(MostHandles), "handles are kept");
        });
        await server.StopAsync();
        ShouldHaveNoErrors(server);
        File.Delete(hook);
    }

    private static async Task SendAsync(int port, byte[][] inputs)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var index && index < inputs.Length)
            {
                await HostileTraffic.SendAsync(port, inputs[index], index);
            }
        })));
    }

    // An input may have drained the server, or switched emergency mode on, had it been quite right: none of them asks for that.
    private static async Task ShouldServeAsync(HttpClient http, TestClient page, int batch)
    {
        for (var i = 0; i < EventsPerBatch; i++)
        {
            var (response, body) = await http.PublishAsync(PublishExtensions.EventJson(
                i == 0 ? "agent_started" : i == EventsPerBatch - 1 ? "agent_completed" : "token",
                i is 0 or EventsPerBatch - 1 ? """{"agent_name":"demo"}""" : """{"delta":"x"}""",
                Healthy,
                string.Create(CultureInfo.InvariantCulture, $"r{batch}")));
            Assert.That(response.IsSuccessStatusCode, Is.True, body.ToString());
            response.Dispose();
        }

        var events = await page.ReadEventsAsync(EventsPerBatch);
        Assert.That(
            events.Select(static one => one.Seq),
            Is.EqualTo(Enumerable.Range(1, EventsPerBatch).Select(i => (long)((batch * EventsPerBatch) + i))),
            $"after batch {batch}, NETRA_FUZZ_SEED={FuzzSettings.Seed}");
        await page.AckAsync(events[^1].Seq);
    }

    private static void ShouldHaveNoErrors(ServerProcess server)
    {
        var lines = server.Output.Split('\n');
        var seed = $"NETRA_FUZZ_SEED={FuzzSettings.Seed}";
        Assert.That(lines.Where(static line => line.Contains("UNOBSERVED", StringComparison.Ordinal)), Is.Empty, seed);

        // Alarms are true: it is under attack.
        var errors = lines.Where(static line => line.StartsWith('{'))
            .Select(static line => JsonElement.Parse(line))
            .Where(static log => log.Text("LogLevel") is "Error" or "Critical" && log.GetProperty("State").Text("Rule") is null)
            .Where(static log => log.GetProperty("State").Text("Code") is null or "internal_error")
            .Select(static log => log.ToString());
        Assert.That(errors, Is.Empty, seed);
    }

    /// <summary>What the server has taken of the machine.</summary>
    /// <param name="Alive">Bytes alive on its heap.</param>
    /// <param name="Resident">Bytes of it that are in memory.</param>
    /// <param name="Handles">File handles.</param>
    private readonly record struct Footprint(long Alive, long Resident, int Handles)
    {
        public static async Task<Footprint> OfAsync(ServerProcess server, string hook)
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(hook));
            await socket.SendAsync("collect\n"u8.ToArray());
            using var answer = new StreamReader(new NetworkStream(socket));
            var alive = long.Parse((await answer.ReadLineAsync())!, CultureInfo.InvariantCulture);
            var status = await File.ReadAllLinesAsync($"/proc/{server.Id}/status");
            var resident = status.Single(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            var kilobytes = long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
            return new Footprint(alive, kilobytes * 1024, Directory.GetFileSystemEntries($"/proc/{server.Id}/fd").Length);
        }

        public override string ToString()
            => string.Create(CultureInfo.InvariantCulture, $"{Alive / 1048576.0:F1} MB alive, {Resident / 1048576} MB, {Handles} handles");
    }
}
