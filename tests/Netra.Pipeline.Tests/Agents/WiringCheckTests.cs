using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>A host whose agents or tools lack something does not start, and says everything that is wrong at once.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class WiringCheckTests
{
    [Test]
    public async Task Start_EverythingIsWrong_SaysAllOfItAndDoesNotStart()
    {
        var raised = await StartAsync(pipeline => pipeline
            .AddAgent<Agents.NeedsMuch>()
            .AddAgent<Agents.Throws>()
            .AddAgent<Agents.Demanding>()
            .AddAgent<Agents.Nameless>()
            .AddAgent<Agents.WithASpace>()
            .AddAgent<Agents.Same>()
            .AddAgent<Agents.SameToo>()
            .AddAgent<Agents.CannotSayItsName>()
            .AddAgent<Agents.CannotSayItsNeeds>()
            .AddTool<NeedsAClient>());

        Assert.That(raised!.Code, Is.EqualTo(FailureCode.WiringInvalid));
        Assert.Multiple(() =>
        {
            AssertReason(raised, "NeedsMuch needs System.Net.Http.HttpClient ('client'), which is not registered");
            AssertReason(
                raised, "NeedsMuch needs System.Collections.Generic.IReadOnlyList<System.String> ('names'), which is not registered");
            AssertReason(raised, "NeedsMuch needs System.IO.Stream ('keyed'), which is not registered");
            AssertReason(raised, "Throws could not be made: FormatException: constructor");
            AssertReason(raised, "Demanding needs tool 'missing_tool', and no tool of that name could be made");
            AssertReason(raised, "Demanding needs agent 'missing_agent', and no agent of that name could be made");
            AssertReason(raised, "Nameless has no name");
            AssertReason(raised, "WithASpace is named 'two words'");
            AssertReason(raised, "2 agents are named 'same'");
            AssertReason(raised, "CannotSayItsName could not say its name: FormatException: name");
            AssertReason(raised, "CannotSayItsNeeds could not say which tools it needs: FormatException: needs");
            AssertReason(raised, "NeedsAClient needs System.Net.Http.HttpClient ('client'), which is not registered");
            Assert.That(raised.Reasons, Has.Count.EqualTo(12), string.Join('\n', raised.Reasons));
        });
    }

    [Test]
    public async Task Start_SameAgentAddedTwice_IsADuplicate()
    {
        var raised = await StartAsync(pipeline => pipeline.AddAgent<Agents.Same>().AddAgent<Agents.Same>());

        AssertReason(raised!, "2 agents are named 'same'");
    }

    [Test]
    public async Task Start_AgentMadeByTheApplication_IsTakenAsItIs()
    {
        var raised = await StartAsync(pipeline =>
        {
            pipeline.Services.AddSingleton(_ => new Agents.NeedsMuch(new HttpClient(), [], Stream.Null));
            pipeline.AddAgent<Agents.NeedsMuch>();
        });

        Assert.That(raised, Is.Null);
    }

    [Test]
    public async Task Start_AllIsWell_RegistriesAreFilled()
    {
        await using var host = await PipelineHost.StartAsync(pipeline =>
        {
            pipeline.Services.AddSingleton<HttpClient>();
            pipeline.AddAgent<Agents.Same>().AddTool<NeedsAClient>();
        });

        Assert.Multiple(() =>
        {
            Assert.That(host.Services.GetRequiredService<AgentRegistry>().Agents.Select(agent => agent.Name), Does.Contain("same"));
            Assert.That(host.Services.GetRequiredService<ToolRegistry>().Tools.Select(tool => tool.Name), Does.Contain("client_tool"));
        });
    }

    [Test]
    public async Task Registry_BeforeTheStart_IsNotInitialized()
    {
        var (app, _) = PipelineHost.Build();
        await using (app)
        {
            Assert.Multiple(() =>
            {
                Assert.That(
                    () => app.Services.GetRequiredService<AgentRegistry>().Get("same", new FailureScope("Test")),
                    Throws.TypeOf<NotInitializedException>());
                Assert.That(
                    () => app.Services.GetRequiredService<ToolRegistry>().Get("same", new FailureScope("Test")),
                    Throws.TypeOf<NotInitializedException>());
                Assert.That(app.Services.GetRequiredService<AgentRegistry>().Agents, Is.Empty);
            });
        }
    }

    [Test]
    public void AddAgent_TypeThatIsNone_IsRefused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => AgentServices.AddAgent(new ServiceCollection(), typeof(string)), Throws.ArgumentException);
            Assert.That(() => AgentServices.AddAgent(new ServiceCollection(), typeof(IAgent)), Throws.ArgumentException);
            Assert.That(() => AgentServices.AddTool(new ServiceCollection(), typeof(Agents.Same)), Throws.ArgumentException);
        });
    }

    private static async Task<StartupVerificationException?> StartAsync(Action<NetraPipelineBuilder> configure)
    {
        var (app, logs) = PipelineHost.Build(configure);
        await using (app)
        {
            try
            {
                await app.StartAsync();
                await app.StopAsync();
                return null;
            }
            catch (StartupVerificationException failure)
            {
                Assert.That(logs.Logs, Has.Some.Property("Message").Contains("wiring_invalid"));
                return failure;
            }
        }
    }

    private static void AssertReason(StartupVerificationException raised, string reason) =>
        Assert.That(raised.Reasons, Has.Some.Contains(reason), string.Join('\n', raised.Reasons));

    // One level further down, so that their full names do not matter here.
    private static class Agents
    {
        internal abstract class Named(string name) : IAgent
        {
            public virtual string Name => name;

            public string Description => "Is registered.";

            public IAsyncEnumerable<string> RunAsync(AgentExecution execution, CancellationToken cancellationToken) =>
                throw new NotSupportedException();
        }

        internal sealed class NeedsMuch(
            HttpClient client, IReadOnlyList<string> names, [FromKeyedServices("key")] Stream keyed, int optional = 3)
            : Named("needs_much")
        {
            public object[] Needs => [client, names, keyed, optional];
        }

        internal sealed class Throws : Named
        {
            public Throws()
                : base("throws") => throw new FormatException("constructor");
        }

        internal sealed class Demanding : Named, IAgent
        {
            public Demanding()
                : base("demanding")
            {
            }

            public IReadOnlyCollection<string> RequiredTools => ["missing_tool"];

            public IReadOnlyCollection<string> RequiredAgents => ["missing_agent"];
        }

        internal sealed class Nameless() : Named("");

        internal sealed class WithASpace() : Named("two words");

        internal sealed class Same() : Named("same");

        internal sealed class SameToo() : Named("same");

        internal sealed class CannotSayItsName() : Named("unused")
        {
            public override string Name => throw new FormatException("name");
        }

        internal sealed class CannotSayItsNeeds() : Named("cannot_say"), IAgent
        {
            public IReadOnlyCollection<string> RequiredTools => throw new FormatException("needs");
        }
    }

    private sealed class NeedsAClient(HttpClient client) : ITool
    {
        public string Name => "client_tool";

        public string Description => $"Has {client}.";

        public ValueTask<JsonNode?> InvokeAsync(ToolInvocation invocation, CancellationToken cancellationToken)
            => throw new NotSupportedException();
    }
}
