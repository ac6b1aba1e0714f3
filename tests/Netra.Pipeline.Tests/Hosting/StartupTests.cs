using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>What must hold before a host takes traffic.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class StartupTests
{
    [Test]
    public async Task Host_Started_LogsVerificationWithIdAndRoundTripBeforeItListens()
    {
        await using var host = await PipelineHost.StartAsync();

        var logs = host.Logs.Logs.ToList();
        var passed = logs.FindIndex(static log => log.Message.StartsWith("Startup verification", StringComparison.Ordinal));
        var ready = logs.FindIndex(static log => log.Message.StartsWith("The pipeline is ready", StringComparison.Ordinal));
        Assert.That(passed, Is.GreaterThanOrEqualTo(0));
        Assert.That(ready, Is.GreaterThan(passed));
        Assert.That(logs[passed].Message, Does.Match(@"Startup verification \w+ passed: .* in \d+\.\d ms"));
        Assert.That(host.Bridge.State, Is.EqualTo(BridgeState.Ready));
    }

    [Test]
    public async Task Host_InDevelopment_SaysSoLoudly()
    {
        await using var host = await PipelineHost.StartAsync();

        Assert.That(host.Logs.Logs, Has.Some.Matches<CapturedLog>(
            static log => log.Level == LogLevel.Warning && log.Message.StartsWith("DEVELOPMENT MODE", StringComparison.Ordinal)));
    }

    [Test]
    public void Host_AgentsAndToolsWithoutWhatTheyNeed_DoesNotStartAndNamesEveryReason()
    {
        var (app, logs) = PipelineHost.Build(
            static pipeline => pipeline.AddAgent<NeedsModel>().AddAgent<NeedsTool>().AddTool<NeedsIndex>());

        var failure = Assert.ThrowsAsync<StartupVerificationException>(() => app.StartAsync())!;

        Assert.That(failure.Code, Is.EqualTo(FailureCode.WiringInvalid));
        Assert.That(
            failure.Reasons, Has.Some.Contains(nameof(IModelClient)).And.Some.Contains("no_such_tool").And.Some.Contains(nameof(IIndex)));
        Assert.That(app.Services.GetRequiredService<PipelineBridge>().State, Is.EqualTo(BridgeState.Failed));
        Assert.That(logs.Logs, Has.Some.Matches<CapturedLog>(static log => log.Level == LogLevel.Critical));
    }

    [Test]
    public void Host_LogThatTakesNothing_FailsTheVerificationAndDoesNotStart()
    {
        var (app, _) = PipelineHost.Build(static pipeline => pipeline.UseEventLog<FailedLog>());

        var failure = Assert.ThrowsAsync<StartupVerificationException>(() => app.StartAsync())!;

        Assert.That(failure.Code, Is.EqualTo(FailureCode.StartupVerification));
        Assert.That(failure.Reasons, Has.Count.EqualTo(1));
        Assert.That(failure.Reasons[0], Does.StartWith("running the verification agent"));
    }

    [TestCase(typeof(SilentVerificationAgent), "agent_thinking")]
    [TestCase(typeof(IdleVerificationAgent), "tool_executing")]
    public void Host_VerificationWithoutOneOfTheFiveEvents_DoesNotStart(Type agent, string missing)
    {
        var (app, _) = PipelineHost.Build(pipeline =>
        {
            var services = pipeline.Services;
            services.Remove(services.Single(
                static service => (service.ImplementationInstance as AgentRegistration)?.Type == typeof(VerificationAgent)));
            services.RemoveAll<VerificationAgent>();
            AgentServices.AddAgent(services, agent);
        });

        var failure = Assert.ThrowsAsync<StartupVerificationException>(() => app.StartAsync())!;

        Assert.That(failure.Reasons[0], Does.Contain("instead of the five lifecycle events").And.Not.Contains(missing));
    }

    [Test]
    public async Task Comers_WhileTheHostStarts_AreToldToComeAgainAndNobodyIsAlarmed()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        host.Bridge.BeginInitializing();

        Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => TestClient.ConnectAsync(host.SocketAddress("ada")));
        var (answer, _) = await http.PublishAsync(PublishExtensions.TokenJson());

        Assert.That(answer.StatusCode, Is.EqualTo(System.Net.HttpStatusCode.ServiceUnavailable));
        Assert.That(answer.Headers.RetryAfter, Is.Not.Null);
        Assert.That(host.Failures.Latest(10), Is.Empty, "as in each deployment");
    }

    // Where one process takes over from another one, whoever has come meanwhile comes in that moment.
    [Test]
    public async Task Comers_BetweenTheListenersAndReadiness_WaitAndAreServed()
    {
        EarlyComers? early = null;
        await using var host = await PipelineHost.StartAsync(pipeline => pipeline.Services.Insert(
            0, ServiceDescriptor.Singleton<IHostedService>(services => early = new EarlyComers(services))));

        Assert.That(early!.AreAnswered, Is.False, "the host had not started");
        await using var page = await early.Page.WaitAsync(TestClient.Patience);
        var (answer, _) = await early.Publishing.WaitAsync(TestClient.Patience);

        Assert.That(answer.IsSuccessStatusCode, Is.True);
    }

    [Test]
    public void Emitter_BeforeTheHostHasStarted_RaisesNotInitialized()
    {
        var (app, logs) = PipelineHost.Build();
        var context = app.Services.GetRequiredService<UserExecutionContextFactory>().Create("ada", "t1", "r1");

        Assert.ThrowsAsync<NotInitializedException>(
            async () => await app.Services.GetRequiredService<EventEmitterFactory>().CreateEmitterAsync(context));

        Assert.That(logs.Logs, Has.Some.Matches<CapturedLog>(
            static log => log.Level == LogLevel.Critical && log.Message.StartsWith("WEBSOCKET UNAVAILABLE:", StringComparison.Ordinal)));
    }

    [Test]
    public async Task Emitter_AfterTheHostHasStopped_RaisesNotInitialized()
    {
        await using var host = await PipelineHost.StartAsync();
        await using var emitter = await host.EmitterOfAsync("ada");
        await host.StopAsync();

        Assert.ThrowsAsync<NotInitializedException>(async () => await emitter.TokenAsync("late"));
    }

    [Test]
    public void Emitter_WithoutContext_RaisesAndLogsMissingContext()
    {
        var (app, logs) = PipelineHost.Build();

        Assert.ThrowsAsync<ContextValidationException>(
            async () => await app.Services.GetRequiredService<EventEmitterFactory>().CreateEmitterAsync(null!));

        Assert.That(logs.Logs, Has.Some.Matches<CapturedLog>(
            static log => log.Level == LogLevel.Critical && log.Message.StartsWith("MISSING CONTEXT:", StringComparison.Ordinal)));
    }

    private interface IModelClient;

    private interface IIndex;

    private sealed class NeedsModel(IModelClient model) : IAgent
    {
        public string Name => "needs_model";

        public string Description => model.ToString()!;

        public IAsyncEnumerable<string> RunAsync(AgentExecution execution, CancellationToken cancellationToken)
            => AsyncEnumerable.Empty<string>();
    }

    private sealed class NeedsTool : IAgent
    {
        public string Name => "needs_tool";

        public string Description => "Needs a tool that nobody registers.";

        public IReadOnlyCollection<string> RequiredTools => ["no_such_tool"];

        public IAsyncEnumerable<string> RunAsync(AgentExecution execution, CancellationToken cancellationToken)
            => AsyncEnumerable.Empty<string>();
    }

    private sealed class NeedsIndex(IIndex index) : ITool
    {
        public string Name => "needs_index";

        public string Description => index.ToString()!;

        public ValueTask<System.Text.Json.Nodes.JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
            => default;
    }

    private sealed class FailedLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : DelegatingEventLog(new InMemoryEventLog(options, time))
    {
        public override AppendResult TryAppend(StreamLease lease, in LogEntry entry) => AppendResult.Failed;
    }

    private sealed class SilentVerificationAgent : IAgent
    {
        public string Name => VerificationAgent.AgentName;

        public string Description => "Thinks nothing.";

        public IReadOnlyCollection<string> RequiredTools => [VerificationTool.ToolName];

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await execution.Tools.CallToolAsync(VerificationTool.ToolName, new JsonObject { ["text"] = "?" }, cancellationToken);
            yield return "!";
        }
    }

    private sealed class IdleVerificationAgent : IAgent
    {
        public string Name => VerificationAgent.AgentName;

        public string Description => "Does nothing.";

        public IReadOnlyCollection<string> RequiredTools => [VerificationTool.ToolName];

        public async IAsyncEnumerable<string> RunAsync(
            AgentExecution execution, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await execution.Events.ThinkAsync("?", ct: cancellationToken);
            yield return "!";
        }
    }

    /// <summary>Comes when the listeners are bound and the host has not started.</summary>
    private sealed class EarlyComers(IServiceProvider services) : IHostedLifecycleService
    {
        public Task<TestClient> Page { get; private set; } = null!;

        public Task<(HttpResponseMessage Response, JsonElement Body)> Publishing { get; private set; } = null!;

        public bool AreAnswered { get; private set; }

        public async Task StartedAsync(CancellationToken cancellationToken)
        {
            var address = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            Page = TestClient.ConnectAsync(new Uri($"{address.Replace("http:", "ws:", StringComparison.Ordinal)}/ws?user_id=ada"));
            Publishing = new HttpClient { BaseAddress = new Uri(address) }.PublishAsync(PublishExtensions.TokenJson());
            await Task.WhenAny(Page, Publishing, Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System, cancellationToken));
            AreAnswered = Page.IsCompleted || Publishing.IsCompleted;
        }

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
