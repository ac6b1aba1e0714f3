using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.EventStreams;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Http;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Threads;
using Netra.Pipeline.WebSockets;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the core of Netra.Pipeline to a host.</summary>
public static class NetraPipelineCoreServiceCollectionExtensions
{
    // How often a stop waits for the goodbye: twice for runs that were cancelled, once for pages.
    private const int Goodbyes = 3;

    // How long a host may take to stop after its drain: waiting events are stored, possibly on a slow disk.
    private static readonly TimeSpan ShutdownPatience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Adds the core alone: streams, connections, emitters, agents, failures, <c>POST /v1/events</c>, and the start and stop of all of
    /// them. It keeps no events by itself: choose a log on the builder, or the host does not start. Options are read from the configuration
    /// section <c>Netra</c>, and validated at start. Map its endpoints with <c>MapNetraPipeline</c>, and open the fast door of a listener
    /// with <c>UseNetraPipeline</c>. <c>AddNetraPipeline</c>, of the package Netra.Pipeline, adds everything.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <returns>A builder for the log, agents, tools, handlers and replacements.</returns>
    public static NetraPipelineBuilder AddNetraPipelineCore(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(PipelineBridge)))
        {
            // Twice is once: options would be bound twice, and lists in them grow; the transport would be guarded twice.
            return new NetraPipelineBuilder(services);
        }

        services.AddMetrics();
        services.AddRouting();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ServedTime>();
        AddPipelineOptions(services);
        AddFailures(services);
        AddStreams(services);
        AddConnections(services);
        AddEdge(services);
        AddEmission(services);
        AddCommands(services);
        AddDelivery(services);
        AddAgents(services);
        AddPublishing(services);
        AddHosting(services);
        return new NetraPipelineBuilder(services);
    }

    private static void AddPipelineOptions(IServiceCollection services)
    {
        services.AddSection<ConnectionOptions>("Netra:Connections");
        services.AddSection<PeerLimitOptions>("Netra:Limits");
        services.AddSection<StreamOptions>("Netra:Streams");
        services.AddSection<EmissionOptions>("Netra:Emission");
        services.AddSection<DataOptions>("Netra");
        services.AddSection<InMemoryEventLogOptions>("Netra:Log:InMemory");
        services.AddSection<HostingOptions>("Netra:Hosting");
        services.AddSection<WebSocketDoorOptions>("Netra:WebSockets");
        services.AddSection<HttpOptions>("Netra:Http");
        services.AddSection<ProxyOptions>("Netra:Proxies");
        services.AddSection<PublishOptions>("Netra:Publish");
        services.AddSection<CommandOptions>("Netra:Commands");
        services.AddSection<DeliveryOptions>("Netra:Delivery");
        services.AddSection<WebhookOptions>("Netra:Delivery:Webhook");
        services.AddSection<TelemetryOptions>("Netra:Telemetry");
        services.AddSection<AgentOptions>(AgentOptions.SectionName);
        services.AddEnvironment<ConnectionOptions>(EnvironmentSetting<ConnectionOptions>.Number(
            "WEBSOCKET_SILENT_FAILURE_WINDOW",
            2,
            3600,
            static (options, seconds) => options.SilentFailureWindow = TimeSpan.FromSeconds(seconds)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HttpOptions>, EdgeOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ProxyOptions>, EdgeOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ConnectionOptions>, PipelineLimitsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<InMemoryEventLogOptions>, PipelineLimitsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DeliveryOptions>, DeliveryOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<WebhookOptions>, DeliveryOptionsValidator>());
    }

    private static void AddFailures(IServiceCollection services)
    {
        services.TryAddSingleton<ConnectionRegistry>();
        services.TryAddSingleton<FailureAudience>(static provider => provider.GetRequiredService<ConnectionRegistry>());
        services.TryAddSingleton<FailureFeed>();
        services.TryAddSingleton<FailureReporter>();
        services.TryAddSingleton<PipelineObservation>();
        services.TryAddSingleton<EmergencyMode>();
        services.TryAddSingleton<PeerLog>();
        services.TryAddSingleton<SecurityAudit>();
    }

    private static void AddStreams(IServiceCollection services)
    {
        services.TryAddSingleton<IEventLog>(static _ => throw StartupVerificationException.WiringInvalid(
            new FailureScope("VerifyWiring"),
            ["no log is chosen (UseInMemoryEventLog, UseEventLog, or UseSqliteEventLog of the package Netra.Pipeline.Sqlite)"]));
        services.TryAddSingleton(static provider => new WindowBudget(
            provider.GetRequiredService<IOptions<StreamOptions>>(),
            provider.GetRequiredService<IOptions<ConnectionOptions>>().Value.BufferLimit() / BufferBudget.WindowShare));
        services.TryAddSingleton(static provider => new BufferBudget(
            provider.GetRequiredService<IOptions<ConnectionOptions>>().Value.BufferLimit(),
            provider.GetRequiredService<WindowBudget>().ReadUsed));
        services.TryAddSingleton(static provider => new BudgetRelief(
            provider.GetRequiredService<BufferBudget>(),
            () => provider.GetRequiredService<StreamRegistry>().Loaded,
            provider.GetRequiredService<FailureReporter>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(StreamObservers.None);
        services.TryAddSingleton<LimitMetrics>();
        services.TryAddSingleton(static provider => new ReplayBudget(
            provider.GetRequiredService<IOptions<PeerLimitOptions>>(),
            provider.GetRequiredService<ServedTime>(),
            provider.GetRequiredService<LimitMetrics>()));
        services.TryAddSingleton<StreamRegistry>();
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.AddSingleton(static provider => new ConnectionSlots(
            provider.GetRequiredService<IOptions<ConnectionOptions>>(),
            provider.GetRequiredService<IOptions<HostingOptions>>().Value.ReservedHandles,
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ServedTime>(),
            provider.GetRequiredService<ILogger<ConnectionSlots>>()));
        services.TryAddSingleton<InboundBudget>();
        services.TryAddSingleton<AddressLimits>();
        services.TryAddSingleton<TenantConnections>();
        services.AddSingleton<HandleWatch>();
        services.AddSingleton<OpenListeners>();
        GuardTransport(services);
        services.TryAddSingleton<ConnectionTick>();
        services.TryAddSingleton<Reauthentication>();
        services.TryAddSingleton<ClientMessageDispatcher>();
        services.TryAddSingleton<PipelineMetrics>();
        services.TryAddSingleton<CanaryPass>();
        services.TryAddSingleton<ConnectionObservation>();
        services.TryAddSingleton<ConnectionServices>();
        services.TryAddSingleton<Compression>();
        services.TryAddSingleton<ConnectionAcceptor>();
        services.TryAddSingleton<RegisteredAuthenticator>();
        services.TryAddSingleton<SecondDoor>();
        services.TryAddSingleton<EventStreamEndpoint>();
        services.TryAddSingleton<EventStreamPosts>();
    }

    private static void AddEdge(IServiceCollection services)
    {
        services.TryAddSingleton<TrustedProxies>();
        services.TryAddSingleton<ForwardedRequests>();
        services.TryAddSingleton<HostRules>();
        services.TryAddSingleton<OriginRules>();
        services.TryAddSingleton<EdgeMetrics>();
        services.TryAddSingleton<RequestChecks>();
        services.TryAddSingleton<RequestGuard>();
        services.TryAddSingleton<ProxyProtocol>();

        // Before the host's own filter of hosts, which is to see the one that the client asked.
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, ForwardedFilter>());
    }

    // Wraps the host's own transport, which carries its connections as before; one that is added later is not bounded.
    private static void GuardTransport(IServiceCollection services)
    {
        var transport = services.LastOrDefault(
            static service => service.ServiceType == typeof(IConnectionListenerFactory) && !service.IsKeyedService);
        if (transport is not null)
        {
            services.Remove(transport);
        }

        services.AddSingleton<IConnectionListenerFactory>(provider => new GuardedTransport(
            transport switch
            {
                { ImplementationInstance: IConnectionListenerFactory instance } => instance,
                { ImplementationFactory: { } make } => (IConnectionListenerFactory)make(provider),
                _ => (IConnectionListenerFactory)ActivatorUtilities.CreateInstance(
                    provider, transport?.ImplementationType ?? typeof(SocketTransportFactory)),
            },
            provider));
    }

    private static void AddEmission(IServiceCollection services)
    {
        services.TryAddSingleton<UserExecutionContextFactory>();
        services.TryAddSingleton<PipelineSpans>();
        services.TryAddSingleton<AcknowledgementSpans>();
        services.TryAddSingleton<Checkpoints>();
        services.TryAddSingleton<EmissionTelemetry>();
        services.TryAddSingleton(static provider => RunLimits.Default with
        {
            QuestionsKept = provider.GetRequiredService<IOptions<StreamOptions>>().Value.Retention,
        });
        services.TryAddSingleton(static provider => new RunClock(provider.GetRequiredService<ServedTime>()));
        services.TryAddSingleton<RunRegistry>();
        services.TryAddSingleton<EmissionWaits>();
        services.TryAddSingleton<AnswerMetrics>();
        services.TryAddSingleton<TokenUsageMetrics>();
        services.TryAddSingleton(static provider => new EventEmitterFactory(
            provider.GetRequiredService<StreamRegistry>(),
            provider.GetRequiredService<PipelineBridge>(),
            provider.GetRequiredService<FailureReporter>(),
            provider.GetRequiredService<UserExecutionContextFactory>(),
            provider.GetRequiredService<IOptions<StreamOptions>>(),
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<RunRegistry>(),
            provider.GetRequiredService<PipelineObservation>(),
            provider.GetRequiredService<EmergencyMode>(),
            provider.GetRequiredService<ServedTime>(),
            provider.GetRequiredService<EmissionTelemetry>(),
            provider.GetRequiredService<EmissionWaits>(),
            provider.GetRequiredService<AnswerMetrics>(),
            provider.GetRequiredService<TokenUsageMetrics>(),
            provider.GetRequiredService<ServedTime>()));
    }

    private static void AddCommands(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new IdempotencyIndex(
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<IOptions<PublishOptions>>().Value.IdempotencyWindow,
            provider.GetRequiredService<ServedTime>()));
        services.TryAddSingleton<CommandAudience, CommandPages>();
        services.TryAddSingleton<CommandMetrics>();
        services.TryAddSingleton<CommandRegistry>();
        services.TryAddSingleton<RunAnswers>();
        services.TryAddSingleton<CommandExpiry>();
        services.TryAddSingleton<CommandUpkeep>();
        services.TryAddSingleton<CancelRequests>();
        services.TryAddSingleton<UserMessages>();
    }

    private static void AddDelivery(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new Ledger(
            provider.GetRequiredService<StreamRegistry>(),
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<FailureReporter>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<EmergencyNotifications>();
        services.TryAddSingleton<CriticalDelivery>();
        services.TryAddSingleton<DeadLetterRetention>();
        services.TryAddSingleton<InterruptedRuns>();
        services.TryAddSingleton<QuietRuns>();
        services.TryAddSingleton<WebhookSender>();
        services.TryAddSingleton<WebhookOutbox>();
    }

    private static void AddAgents(IServiceCollection services)
    {
        services.TryAddSingleton<AgentRegistry>();
        services.TryAddSingleton<ToolRegistry>();
        services.TryAddSingleton<OpenRuns>();
        services.TryAddSingleton<RunMetrics>();
        services.TryAddSingleton<RunServices>();
        services.TryAddSingleton(static provider => new AgentRunner(provider.GetRequiredService<RunServices>()));
        services.TryAddSingleton<ResumableRuns>();
        services.TryAddSingleton<WiringCheck>();
    }

    private static void AddPublishing(IServiceCollection services)
    {
        services.TryAddSingleton<PublisherAccounts>();
        services.TryAddSingleton<EventPublisher>();
        services.TryAddSingleton<OpenRequests>();
        services.TryAddSingleton<EventLinesHandler>();
        services.TryAddSingleton<AccessGuard>();
        services.TryAddSingleton<PublishEndpoint>();
        services.TryAddSingleton<LogRequests>();
        services.TryAddSingleton<ThreadRequests>();
        services.TryAddSingleton<ThreadEndpoints>();
        services.TryAddSingleton<AnswerEndpoint>();
        services.TryAddSingleton<CommandEndpoints>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, HttpSlotFilter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, EscapedDots>());

        // After the dots, which are put back into the whole path.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, PathBaseFilter>());
    }

    private static void AddHosting(IServiceCollection services)
    {
        services.TryAddSingleton<PipelineBridge>();
        services.TryAddSingleton<BridgeInitializations>();
        services.TryAddSingleton<BackgroundWatch>();
        services.TryAddSingleton<BackgroundLoops>();
        services.TryAddSingleton<StartupVerification>();
        AgentServices.AddAgent(services, typeof(VerificationAgent));
        AgentServices.AddTool(services, typeof(VerificationTool));
        services.TryAddSingleton<PipelineDrain>();
        services.TryAddSingleton<HandOverWatch>();
        services.TryAddSingleton(static provider => new FolderHandOver(
            provider.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory,
            provider.GetRequiredService<IOptions<HostingOptions>>().Value.WaitForFolder,
            provider.GetRequiredService<ILogger<FolderHandOver>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<UserErasure>();
        services.TryAddSingleton<PipelineLifetime>();
        services.TryAddSingleton<PipelineStop>();

        // Draining and storing need their time; otherwise the host would cut them short.
        services.AddOptions<HostOptions>().PostConfigure<IOptions<HostingOptions>>(static (host, hosting) =>
        {
            try
            {
                var needed = hosting.Value.DrainTimeout + (Goodbyes * hosting.Value.GoodbyeTimeout) + ShutdownPatience;
                host.ShutdownTimeout = host.ShutdownTimeout < needed && host.ShutdownTimeout != Timeout.InfiniteTimeSpan
                    ? needed
                    : host.ShutdownTimeout;
            }
            catch (OptionsValidationException)
            {
                // Invalid by itself, and reported by its own validator, with all other problems.
            }
        });
        services.AddHostedService<PipelineStarter>();
    }
}
