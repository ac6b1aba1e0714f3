using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Hosting;

/// <summary>Adds the application's own parts to the pipeline.</summary>
/// <param name="services">The host's services.</param>
public sealed class NetraPipelineBuilder(IServiceCollection services)
{
    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; } = services;

    /// <summary>Registers an agent. What its constructor needs is checked at start, with everything else that is wrong.</summary>
    /// <typeparam name="TAgent">The agent; one instance serves all runs.</typeparam>
    /// <param name="isResumable">
    /// Whether it may be started again: when the process ends while a run of it waits for an answer, the run stays open, and begins its
    /// next attempt when the answer comes, with the same question. What it asks again has its answer. Default: the run fails
    /// (<c>server_restart</c>).
    /// </param>
    public NetraPipelineBuilder AddAgent<TAgent>(bool isResumable = false)
        where TAgent : class, IAgent
    {
        AgentServices.AddAgent(Services, typeof(TAgent), isResumable);
        return this;
    }

    /// <summary>Registers a tool. What its constructor needs is checked at start, with everything else that is wrong.</summary>
    /// <typeparam name="TTool">The tool; one instance serves all calls.</typeparam>
    public NetraPipelineBuilder AddTool<TTool>()
        where TTool : class, ITool
    {
        AgentServices.AddTool(Services, typeof(TTool));
        return this;
    }

    /// <summary>Registers the handler of the messages that pages send. The last one registered counts.</summary>
    /// <typeparam name="THandler">The handler; one instance serves all connections.</typeparam>
    public NetraPipelineBuilder AddMessageHandler<THandler>()
        where THandler : class, IClientMessageHandler
    {
        Services.AddSingleton<IClientMessageHandler, THandler>();
        return this;
    }

    /// <summary>Registers the authenticator of connections. The last one registered counts; in Development there is a default.</summary>
    /// <typeparam name="TAuthenticator">The authenticator; one instance serves all connections.</typeparam>
    public NetraPipelineBuilder UseAuthenticator<TAuthenticator>()
        where TAuthenticator : class, IConnectionAuthenticator
    {
        Services.AddSingleton<IConnectionAuthenticator, TAuthenticator>();
        return this;
    }

    /// <summary>
    /// Keeps events and alerts in this process alone: nothing survives its end. For tests and throw-away use; with
    /// <c>AddNetraPipeline</c> the default is the SQLite log.
    /// </summary>
    public NetraPipelineBuilder UseInMemoryEventLog() => UseEventLog<InMemoryEventLog>();

    /// <summary>Registers a notifier that is told when critical events could not be delivered. Each one registered is told.</summary>
    /// <typeparam name="TNotifier">The notifier; one instance serves the process.</typeparam>
    public NetraPipelineBuilder AddEmergencyNotifier<TNotifier>()
        where TNotifier : class, IEmergencyNotifier
    {
        Services.AddSingleton<IEmergencyNotifier, TNotifier>();
        return this;
    }

    /// <summary>Registers an observer of the pipeline's events. Each one registered is told.</summary>
    /// <typeparam name="TObserver">The observer; one instance serves the process. It must not need anything that emits.</typeparam>
    public NetraPipelineBuilder AddObserver<TObserver>()
        where TObserver : class, IPipelineObserver
    {
        Services.AddSingleton<IPipelineObserver, TObserver>();
        return this;
    }

    /// <summary>Replaces the log.</summary>
    /// <typeparam name="TLog">The log; one instance serves the process.</typeparam>
    public NetraPipelineBuilder UseEventLog<TLog>()
        where TLog : class, IEventLog
    {
        Services.Replace(ServiceDescriptor.Singleton<IEventLog, TLog>());
        return this;
    }
}
