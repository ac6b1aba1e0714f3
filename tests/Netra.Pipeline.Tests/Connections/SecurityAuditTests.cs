using System.Text;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Security;

namespace Netra.Pipeline.Tests.Connections;

/// <summary>Who was refused, and which operators looked at or changed what is somebody's.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SecurityAuditTests
{
    [TestCase("/v1/ledger?user_id=ada", "ReadLedger", "user_id ada", 200)]
    [TestCase("/v1/users/ada/undelivered", "ReadUndelivered", "user_id ada", 200)]
    [TestCase("/v1/users/nobody/undelivered", "ReadUndelivered", "user_id nobody", 404)]
    [TestCase("/v1/dead-letters?user_id=ada", "ListDeadLetters", "user_id ada", 200)]
    [TestCase("/v1/dead-letters", "ListDeadLetters", "all users", 200)]
    [TestCase("/v1/events/no-event/trace", "TraceEvent", "id no-event", 404)]
    [TestCase("/v1/ledger?user_id=a%0Ab", "ReadLedger", "user_id (not valid)", 400)]
    public async Task OperatorReads_WhatIsSomebodys_IsWrittenDown(string path, string operation, string subject, int status)
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        await emitter.AgentStartedAsync("demo");
        using var http = host.CreateClient();

        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));

        var line = await WrittenAsync(host);
        Assert.That((line.EventId.Id, line.Level), Is.EqualTo((EventIds.OperatorRead, LogLevel.Information)));
        Assert.That((line.Values["Operation"], line.Values["Subject"], line.Values["Status"]), Is.EqualTo((operation, subject, status)));
        Assert.That(line.Values["RemoteEndPoint"]?.ToString(), Does.StartWith("127.0.0.1"));
    }

    [Test]
    public async Task OperatorReads_FiguresOfThePipeline_AreNobodys()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        using var response = await http.GetAsync(new Uri("/v1/ledger", UriKind.Relative));

        Assert.That(Audit(host), Is.Empty);
    }

    [Test]
    public async Task OperatorChanges_ADeadLetter_IsWrittenDownHoweverItEnds()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        using var response = await http.DeleteAsync(new Uri("/v1/dead-letters/7", UriKind.Relative));

        var line = await WrittenAsync(host);
        Assert.That(
            (line.EventId.Id, line.Values["Operation"], line.Values["Subject"], line.Values["Status"]),
            Is.EqualTo((EventIds.OperatorChanged, "DropDeadLetter", "dead_letter_id 7", 404)));
    }

    [TestCase("DELETE", "/v1/users/ada", "EraseUser", "user_id ada", 200)]
    [TestCase("POST", "/monitoring/websocket/drain", "BeginDrain", null, 200)]
    [TestCase("DELETE", "/v1/keys/k7", "RevokeKey", "key_id k7", 404)]
    [TestCase("POST", "/v1/keys", "CreateKey", null, 400)]
    [TestCase("POST", "/v1/revocations", "RevokeCredentials", null, 400)]
    [TestCase("GET", "/v1/keys", "ListKeys", "all users", 200)]
    [TestCase("GET", "/monitoring/websocket/metrics/users", "ReadUserFigures", "all users", 200)]
    [TestCase("GET", "/monitoring/websocket/dashboard/websocket_user_diagnostics", "ReadDashboard", "all users", 200)]
    [TestCase("GET", "/monitoring/websocket/audit", "ReadAudit", "all users", 200)]
    public async Task Operators_WhateverTouchesSomebody_IsWrittenDown(
        string method, string path, string operation, string? subject, int status)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = method == "POST" ? new StringContent("""{"reason":"a drill"}""", Encoding.UTF8, "application/json") : null;

        using var response = await http.SendAsync(request);

        var line = await WrittenAsync(host);
        Assert.That(
            (line.EventId.Id, line.Values["Operation"], line.Values["Subject"], line.Values["Status"]),
            Is.EqualTo((
                method == "GET" ? EventIds.OperatorRead : EventIds.OperatorChanged,
                (object?)operation,
                (object?)subject,
                (object?)status)));
    }

    [Test]
    public async Task Publisher_ForSomeUsers_IsWrittenDownWhereItIsRefused()
    {
        using var issuer = TokenIssuer.Rsa();
        await using var host = await SecureClient.StartAsync(issuer.Settings());
        var key = await host.MakeKeyAsync(issuer.Good("admin", ["netra.configure"]), "team", "publish connect", "team-*");

        await host.PublishAsync(key, "eve");
        await host.SendAsync(HttpMethod.Post, "/v1/tickets", key, """{"user_id":"eve"}""");
        await host.SendAsync(HttpMethod.Get, "/v1/ledger", credential: "nk_wrong");

        await Eventually.BecomesTrueAsync(
            () => Audit(host).Select(static line => line.EventId.Id).Where(static id => id is 2101 or 2113)
                .SequenceEqual([EventIds.PublishDenied, EventIds.RequestDenied, EventIds.RequestDenied]),
            "all three are written down");
        Assert.That(Audit(host).Select(static line => line.EventId.Id), Does.Contain(EventIds.ApiKeyChanged));
    }

    [TestCase("somebody", 401)]
    [TestCase("banned", 403)]
    public async Task Handshake_RefusedForWhoItIs_IsWrittenDown(string user, int status)
    {
        await using var host = await PipelineHost.StartAsync(static pipeline => pipeline.UseAuthenticator<RefusingAuthenticator>());

        Assert.That(async () => await TestClient.ConnectAsync(host.SocketAddress(user)), Throws.Exception);

        var line = await WrittenAsync(host);
        Assert.That((line.EventId.Id, line.Level, line.Values["Status"]), Is.EqualTo((EventIds.HandshakeDenied, LogLevel.Warning, status)));
    }

    // It says how the request was answered, so it is written after the answer.
    private static async Task<CapturedLog> WrittenAsync(PipelineHost host)
    {
        await Eventually.BecomesTrueAsync(() => Audit(host).Count > 0, "it is written down");
        return Audit(host).Single();
    }

    private static List<CapturedLog> Audit(PipelineHost host)
        => [.. host.Logs.Logs.Where(static log => log.Category == SecurityAudit.Category)];
}
