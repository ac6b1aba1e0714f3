using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Commands;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Tenants;

/// <summary>A tenant goes along through every door: the query, event streams, handlers, emitters, commands, and back.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class TenantDoorsTests
{
    [Test]
    public async Task Agent_OfAnEmbeddingHost_SpeaksToItsTenantsUser()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var acme = await TestClient.ConnectAsync(host.SocketAddress("ada", "&tenant_id=acme"));
        await using var nobody = await TestClient.ConnectAsync(host.SocketAddress("ada"));
        var context = host.Contexts.Create("ada", "t1", "r1", tenantId: "acme");
        Assert.That((context.TenantId, context.UserId), Is.EqualTo(("acme", "ada")));

        await using (var emitter = await host.Emitters.CreateEmitterAsync(context))
        {
            await emitter.TokenAsync("for acme");
        }

        await using (var emitter = await host.EmitterOfAsync("ada"))
        {
            await emitter.TokenAsync("for nobody");
        }

        Assert.That((await acme.ReadEventsAsync(1))[0].Data.GetProperty("delta").GetString(), Is.EqualTo("for acme"));
        Assert.That((await nobody.ReadEventsAsync(1))[0].Data.GetProperty("delta").GetString(), Is.EqualTo("for nobody"));
    }

    [Test]
    public async Task Handler_OfAMessage_HearsOfWhichTenantItIs()
    {
        var heard = new TaskCompletionSource<ClientChatMessage>();
        await using var host = await PipelineHost.StartAsync(pipeline =>
            pipeline.Services.AddSingleton<IClientMessageHandler>(new DelegateMessageHandler((message, _) =>
            {
                heard.SetResult(message);
                return ValueTask.FromResult<string?>("run");
            })));
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&tenant_id=acme"));

        await page.SendAsync(ClientMessageWriter.Chat(new ChatMessage("m1", "t1", "hello")));

        var message = await heard.Task.WaitAsync(TestClient.Patience);
        Assert.That((message.TenantId, message.UserId), Is.EqualTo(("acme", "ada")));
    }

    [Test]
    public async Task Command_OfATenantsUser_SaysSo()
    {
        await using var host = await PipelineHost.StartAsync();
        using var reader = await CommandReaderClient.OpenAsync(host.Port, "?subscribe=chat_message");
        await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada", "&tenant_id=acme"));

        await page.SendAsync(ClientMessageWriter.Chat(new ChatMessage("m1", "t1", "hello")));

        var command = await reader.ReadCommandAsync();
        Assert.That(
            (command.GetProperty("tenant_id").GetString(), command.GetProperty("user_id").GetString()), Is.EqualTo(("acme", "ada")));
    }

    [Test]
    public async Task EventStream_OfATenantsUser_HasThatTenantsEvents()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        await using var page = await EventStreamClient.OpenAsync(host, "ada", "&tenant_id=acme");
        Assert.That(page.Welcome.TenantId, Is.EqualTo("acme"));

        await http.PublishAsync(TokenJson("not for acme", "ada"));
        await http.PublishAsync($"{{\"tenant_id\":\"acme\",{TokenJson("for acme", "ada")[1..]}");

        var block = await page.ReadBlockAsync();
        while (!block!.Data!.Contains("\"token\"", StringComparison.Ordinal))
        {
            block = await page.ReadBlockAsync();
        }

        Assert.That(block.Data, Does.Contain("for acme").And.Not.Contain("not for acme"));
    }

    [Test]
    public async Task Runs_OfATenantThatHasAsManyAsItMay_AreRefusedToNobodyElse()
    {
        await using var host = await PipelineHost.StartAsync(settings:
        [
            ("Netra:Limits:MaxOpenRunsPerTenant", "2"), ("Netra:Monitoring:Enabled", "true"),
        ]);

        Assert.That(await BeginAsync("acme", "a", "r1"), Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(await BeginAsync("acme", "b", "r1"), Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(await BeginAsync("acme", "c", "r1"), Is.EqualTo(HttpStatusCode.TooManyRequests));
        Assert.That(await BeginAsync("globex", "a", "r1"), Is.EqualTo(HttpStatusCode.Accepted));
        for (var i = 0; i < 3; i++)
        {
            Assert.That(await BeginAsync("", "a", $"r{i}"), Is.EqualTo(HttpStatusCode.Accepted));
        }

        Assert.That(await SendAsync("acme", "a", "r1", "agent_completed", """{"agent_name":"x"}"""), Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(await BeginAsync("acme", "c", "r1"), Is.EqualTo(HttpStatusCode.Accepted));

        Task<HttpStatusCode> BeginAsync(string tenant, string user, string run)
            => SendAsync(tenant, user, run, "agent_started", """{"agent_name":"x"}""");

        async Task<HttpStatusCode> SendAsync(string tenant, string user, string run, string type, string data)
        {
            using var http = host.CreateClient();
            var json = $$"""
                {"tenant_id":"{{tenant}}","user_id":"{{user}}","thread_id":"t","run_id":"{{run}}","type":"{{type}}","data":{{data}}}
                """;
            using var body = new StringContent(json, Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), body);
            return response.StatusCode;
        }
    }

    [Test]
    public async Task IdempotencyKey_OfOneBackendForTwoTenants_IsTwoKeys()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        var ids = new List<string>();
        foreach (var tenant in (string[])["acme", "globex", "", "acme"])
        {
            var named = tenant.Length == 0 ? string.Empty : $"\"tenant_id\":\"{tenant}\",";
            using var body = new StringContent(
                $$"""{{{named}}"user_id":"ada","thread_id":"t","run_id":"r","type":"token","data":{"delta":"x"},"idempotency_key":"k"}""",
                Encoding.UTF8,
                "application/json");
            using var response = await http.PostAsync(new Uri("/v1/events", UriKind.Relative), body);
            var answer = JsonElement.Parse(await response.Content.ReadAsStringAsync());
            Assert.That(response.IsSuccessStatusCode, answer.ToString());
            ids.Add(answer.GetProperty("id").GetString()!);
        }

        Assert.That(ids.Distinct().Count(), Is.EqualTo(3));
        Assert.That(ids[3], Is.EqualTo(ids[0]));
    }
}
