using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Tests.EventStreams;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Monitoring.Operators;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Access;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AccessGuardTests
{
    [Test]
    public async Task Publish_ProductionAndNothingSaysWhoMay_IsRefusedAndSaysHowToProtectIt()
    {
        var logs = new CapturingLoggerProvider();
        await using var app = await StartAsync("Production", static _ => { }, logs: logs);
        using var http = ClientOf(app);

        for (var i = 0; i < 2; i++)
        {
            var answer = await http.PublishAsync(TokenJson());
            answer.ShouldBe(HttpStatusCode.Unauthorized, "unauthorized");
            Assert.That(answer.Body.Text("detail"), Does.Contain("MapNetraPipeline().RequireAuthorization()"));
            Assert.That(answer.Response.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"));
        }

        Assert.That(logs.Logs.Count(static l => l.EventId.Id == EventIds.PublishUnprotected), Is.EqualTo(1));
        Assert.That(logs.Logs.Count(static l => l.EventId.Id == EventIds.RequestDenied), Is.EqualTo(2), "each is in the security audit");
        Assert.That((await http.GetAsync("/livez")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Publish_ProductionAndAuthorizationRequired_NeedsTheCredential()
    {
        await using var app = await StartAsync("Production", static publish => publish.RequireAuthorization());
        using var http = ClientOf(app);

        using var content = new StringContent(TokenJson(), Encoding.UTF8, "application/json");
        Assert.That((await http.PostAsync("/v1/events", content)).StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        var (response, _) = await http.PublishAsync(
            Encoding.UTF8.GetBytes(TokenJson()), configure: static request => request.Headers.Authorization = new("Bearer", "right"));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [Test]
    public async Task Publish_ProductionAndOpenedToEverybody_IsTaken()
    {
        await using var app = await StartAsync("Production", static publish => publish.AllowAnonymous());
        using var http = ClientOf(app);

        Assert.That((await http.PublishAsync(TokenJson())).Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
    }

    [TestCase("GET", "/v1/ledger")]
    [TestCase("GET", "/v1/events/0000000000000-1/trace")]
    [TestCase("GET", "/v1/users/ada/undelivered")]
    [TestCase("GET", "/v1/dead-letters")]
    [TestCase("POST", "/v1/dead-letters/1/replay")]
    [TestCase("DELETE", "/v1/dead-letters/1")]
    public async Task OperatorRoute_WhoeverMayNotPublish_IsRefusedThereToo(string method, string path)
    {
        await using var unprotected = await StartAsync("Production", static _ => { });
        await using var guarded = await StartAsync("Production", static all => all.RequireAuthorization());
        await using var development = await StartAsync("Development", static _ => { }, static app => app.Use(static (context, next) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse("203.0.113.9");
            return next(context);
        }));

        (await AskAsync(unprotected)).ShouldBe(HttpStatusCode.Unauthorized, "unauthorized");
        (await AskAsync(development)).ShouldBe(HttpStatusCode.Forbidden, "forbidden");
        Assert.That((await AskAsync(guarded)).Response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        var admitted = await AskAsync(guarded, "right");
        Assert.That(admitted.Response.StatusCode, Is.EqualTo(HttpStatusCode.OK).Or.EqualTo(HttpStatusCode.NotFound));
        Assert.That(admitted.Body.ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Object), "it was the route that answered");

        async Task<(HttpResponseMessage Response, System.Text.Json.JsonElement Body)> AskAsync(WebApplication app, string? token = null)
        {
            using var http = ClientOf(app);
            http.DefaultRequestHeaders.Authorization = token is null ? null : new("Bearer", token);
            return await http.AskAsync(path, new HttpMethod(method));
        }
    }

    [TestCase("203.0.113.9", false)]
    [TestCase("::ffff:203.0.113.9", false)]
    [TestCase("::ffff:127.0.0.1", true)]
    [TestCase("::1", true)]
    [TestCase(null, false)]
    public async Task Publish_Development_IsTakenFromThisMachineOnly(string? address, bool taken)
    {
        await using var app = await StartAsync("Development", static _ => { }, app => app.Use((context, next) =>
        {
            context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
            return next(context);
        }));
        using var http = ClientOf(app);

        var answer = await http.PublishAsync(TokenJson());

        if (taken)
        {
            Assert.That(answer.Response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        }
        else
        {
            answer.ShouldBe(HttpStatusCode.Forbidden, "forbidden");
        }
    }

    private static async Task<WebApplication> StartAsync(
        string environment,
        Action<IEndpointConventionBuilder> publish,
        Action<WebApplication>? use = null,
        CapturingLoggerProvider? logs = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Logging.ClearProviders().AddProvider(logs ?? new CapturingLoggerProvider());
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication(BearerHandler.Name).AddScheme<AuthenticationSchemeOptions, BearerHandler>(
            BearerHandler.Name, null);
        builder.Services.AddAuthorization();
        builder.Services.AddNetraPipeline().UseInMemoryEventLog().UseAuthenticator<LoopbackAuthenticator>();
        var app = builder.Build();
        use?.Invoke(app);
        app.UseAuthentication();
        app.UseAuthorization();
        publish(app.MapNetraPipeline());
        await app.StartAsync();
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) => new() { BaseAddress = new Uri(app.Urls.First()) };
}
