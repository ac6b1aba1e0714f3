using System.Globalization;
using System.Text.Json;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>What the real server writes to standard output.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class JsonLogTests
{
    [Test]
    public async Task Server_FormatJson_WritesALineOfJsonPerEventWithIdsAndScopes()
    {
        var lines = await RunAsync(
            "Development",
            async port =>
            {
                await using var page = await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/ws?user_id=ada"));
                await page.SendAsync("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"What is 2+2?"}""");
                while (!EventTypes.IsTerminal((await page.ReadAsync<EventMessage>()).EventType!.Value))
                {
                    // Until the run is over.
                }
            },
            "--Netra:Logging:Format=json",
            "--Logging:LogLevel:Netra.Pipeline.Agents=Debug",
            "--Netra:Demo:TokenDelay=00:00:00");

        var logs = lines.ConvertAll(static line => JsonElement.Parse(line));
        var started = logs.Single(static log => IdOf(log) == 1400 && log.GetProperty("State").Text("UserId") == "ada");
        var ended = logs.Single(static log => IdOf(log) == 1401 && log.GetProperty("State").Text("UserId") == "ada");
        var scopes = started.GetProperty("Scopes").EnumerateArray().ToList();
        Assert.Multiple(() =>
        {
            Assert.That(
                logs.Where(static log => log.Text("Category")!.StartsWith("Netra.", StringComparison.Ordinal)).Select(IdOf),
                Is.All.InRange(1000, 2199),
                "every line of the product has an id of the list");
            Assert.That(
                logs.Select(static log => DateTimeOffset.TryParseExact(
                    log.Text("Timestamp"),
                    "yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out _)),
                Is.All.True);
            Assert.That(
                scopes.Any(static scope => scope.Text("ConnectionId") is not null && scope.Text("UserId") == "ada"),
                Is.True,
                "the connection that asked");
            Assert.That(
                scopes.Any(scope => scope.Text("RunId") == started.GetProperty("State").Text("RunId")
                    && scope.Text("ThreadId") == "t1"
                    && scope.Text("RequestId") is not null),
                Is.True,
                "the run");
            Assert.That(ended.GetProperty("State").GetProperty("Events").GetInt64(), Is.Positive);
            Assert.That(ended.GetProperty("State").TryGetProperty("TokensPerSecond", out _), Is.True);
        });
    }

    [Test]
    public async Task Server_OutsideDevelopment_WritesJsonByDefault()
    {
        var folder = Directory.CreateTempSubdirectory("netra-json-");
        try
        {
            // It does not start for want of an authenticator, and says so.
            await using var server = ServerProcess.Start("Production", $"--Netra:DataDirectory={folder.FullName}");
            var (_, output) = await server.WhenExitedAsync();

            var logs = output.Split('\n')
                .Where(static line => line.StartsWith('{'))
                .Select(static line => JsonElement.Parse(line))
                .ToList();
            Assert.That(logs.Select(IdOf), Does.Contain(1000), output);
            Assert.That(output, Does.Not.Contain("crit: "));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Test]
    public async Task Server_FormatUnknown_ExitsNamingTheOption()
    {
        await using var server = ServerProcess.Start("Development", "--Netra:Logging:Format=xml");
        var (exitCode, output) = await server.WhenExitedAsync();

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("Netra:Logging:Format").And.Contain("xml"));
    }

    private static int IdOf(JsonElement log) => log.GetProperty("EventId").GetInt32();

    private static async Task<List<string>> RunAsync(string environment, Func<int, Task> story, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("netra-json-");
        try
        {
            await using var server = ServerProcess.Start(environment, [$"--Netra:DataDirectory={folder.FullName}", .. arguments]);
            var port = await server.WhenListeningAsync();
            await Eventually.BecomesTrueAsync(
                () => server.Output.Contains("The pipeline is ready", StringComparison.Ordinal), "the pipeline is ready");
            await story(port);
            await server.StopAsync();
            return [.. server.Output.Split('\n').Where(static line => line.Length > 0)];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
