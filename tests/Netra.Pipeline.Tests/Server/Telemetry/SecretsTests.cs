using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>
/// No credential is in anything that the server says of itself: log lines at every level, exported telemetry, answers, the process list.
/// They are sent in every place where clients put them, right and wrong.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class SecretsTests
{
    private static readonly string[] Documents =
    [
        "/monitoring/websocket/health", "/monitoring/websocket/system/status", "/monitoring/websocket/metrics/users",
        "/monitoring/websocket/users/ada", "/monitoring/websocket/dashboard/websocket_operations", "/monitoring/websocket/audit",
        "/monitoring/websocket/alerts", "/monitoring/websocket/alerts/history", "/v1/ledger", "/v1/keys", "/health", "/readyz",
    ];

    private readonly StringBuilder _heard = new();

    [Test]
    public async Task Server_SecretsSentEverywhere_AppearInNothingThatItSays()
    {
        await using var folder = new ServerFolder();
        var key = await MakeKeyAsync(folder, "publish", "read", "view", "act", "configure", "connect");
        const string Signing = "signing-secret-5b1e7c90a2d34f6688bb";
        using var issuer = TokenIssuer.OfSecret(Signing + Signing);
        var token = issuer.Issue("ada", TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1), id: "t-1");
        var forged = issuer.Issue("ada", TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1))[..^8] + "forgedXY";
        var unknown = "nk_" + new string('q', 54);
        await using var receiver = await OtlpReceiver.StartAsync();
        List<string> output;
        string commandLine;
        string[] secrets;
        await using (var server = ServerProcess.Start(
            "Production",
            [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address.ToString()),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
                .. issuer.Settings(Signing + Signing).Select(
                    static setting => (setting.Key.Replace(":", "__", StringComparison.Ordinal), setting.Value)),
                ("Netra__Authentication__AllowTokenInQuery", "true"),
            ],
            folder.Argument,
            "--Logging:LogLevel:Default=Trace",
            "--Logging:LogLevel:Microsoft.AspNetCore=Trace"))
        {
            var port = await server.WhenReadyAsync();
            commandLine = OperatingSystem.IsLinux() ? await File.ReadAllTextAsync($"/proc/{server.Id}/cmdline") : "";
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            var ticket = (await AskAsync(http, HttpMethod.Post, "/v1/tickets", token)).Split("\"ticket\":\"")[1].Split('"')[0];
            secrets = [key, token.Split('.')[2], forged.Split('.')[2], unknown, ticket, Signing];
            foreach (var credential in new[] { key, token, forged, unknown })
            {
                await SendEverywhereAsync(http, port, credential);
            }

            await ConnectAsync(port, $"/ws?ticket={ticket}");
            await ConnectAsync(port, $"/ws?ticket={ticket}");
            foreach (var document in Documents)
            {
                await AskAsync(http, HttpMethod.Get, document, key);
            }

            await server.StopAsync();
            output = [.. server.Output.Split('\n')];
        }

        await receiver.EndAsync();
        var exported = string.Join('\n', receiver.Requests.Select(static request => request.ToString()));
        Assert.That(output, Has.Count.GreaterThan(100), "it was asked to say everything");
        Assert.That(exported, Has.Length.GreaterThan(1_000));
        foreach (var secret in secrets)
        {
            Assert.That(
                output.Where(line => line.Contains(secret, StringComparison.OrdinalIgnoreCase)), Is.Empty, "no log line has a credential");
            Assert.That(exported, Does.Not.Contain(secret), "nothing exported has");
            Assert.That(commandLine, Does.Not.Contain(secret));
        }

        var heard = _heard.ToString();
        foreach (var secret in secrets.Where(secret => !secret.StartsWith("nt_", StringComparison.Ordinal)))
        {
            Assert.That(heard, Does.Not.Contain(secret), "no answer has");
        }
    }

    private async Task SendEverywhereAsync(HttpClient http, int port, string credential)
    {
        foreach (var path in new[] { "/v1/ledger", "/v1/events", "/nothing", "/ws" })
        {
            await AskAsync(http, HttpMethod.Get, path, credential);
            await AskAsync(http, HttpMethod.Get, $"{path}?token={credential}&access_token={credential}", credential: null);
        }

        await AskAsync(http, HttpMethod.Post, "/v1/events", credential, SecureClient.EventOf("ada"));
        await AskAsync(http, HttpMethod.Post, "/v1/events", credential, $"{{\"token\":\"{credential}\"");
        await AskAsync(http, HttpMethod.Post, "/v1/session", credential: null, $$"""{"key":"{{credential}}"}""");
        await AskAsync(http, HttpMethod.Post, "/v1/revocations", credential, $$"""{"token":"{{credential}}"}""");
        await AskAsync(http, HttpMethod.Get, "/v1/ledger", credential: null, headers: ("X-Api-Key", credential));
        await AskAsync(http, HttpMethod.Get, "/v1/ledger", credential: null, headers: ("Cookie", $"netra={credential}"));
        await AskAsync(http, HttpMethod.Get, "/v1/ledger", credential: null, headers: ("Authorization", credential));
        await ConnectAsync(port, $"/ws?token={credential}");
        await ConnectAsync(port, "/ws", $"bearer.{credential}");
        await ConnectAsync(port, $"/ws?ticket={credential}", $"bearer.{credential}");
        await ConnectAsync(port, $"/v1/stream?token={credential}");
    }

    private async Task<string> AskAsync(
        HttpClient http,
        HttpMethod method,
        string path,
        string? credential,
        string? json = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = credential is null ? null : new AuthenticationHeaderValue("Bearer", credential);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = response.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await response.Content.ReadAsStringAsync();
        if (path != "/v1/tickets")
        {
            _heard.AppendLine(text.Replace(path, "", StringComparison.Ordinal));
        }

        return text;
    }

    private static async Task ConnectAsync(int port, string path, string? protocol = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("netra.v1");
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        try
        {
            using var patience = new CancellationTokenSource(TestClient.Patience);
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}{path}"), patience.Token);
            await socket.SendAsync(
                Encoding.UTF8.GetBytes($$"""{"type":"authenticate","token":"{{path}}{{protocol}}"}"""),
                WebSocketMessageType.Text,
                endOfMessage: true,
                patience.Token);
            await socket.ReceiveAsync(new byte[4096], patience.Token);
        }
        catch (WebSocketException)
        {
            // Refused, as most are.
        }
    }

    private static async Task<string> MakeKeyAsync(ServerFolder folder, params string[] scopes)
    {
        await using var program = ServerProcess.Run(
            ["keys", "create", "--name", "all", .. scopes.SelectMany(static scope => new[] { "--scope", scope }), folder.Argument]);
        return (await program.WhenExitedAsync()).Output.Trim();
    }
}
