using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// Creates all registered agents and tools at start and fills the registries with them, unless something is wrong: then the host does not
/// start, and everything that is wrong is reported at once. Used by one thread, before anything else of this folder.
/// </summary>
internal sealed partial class WiringCheck(
    IServiceProvider services,
    IServiceProviderIsService known,
    IEnumerable<AgentRegistration> agents,
    IEnumerable<ToolRegistration> tools,
    AgentRegistry agentRegistry,
    ToolRegistry toolRegistry,
    FailureReporter failures,
    ILogger<WiringCheck> logger)
{
    /// <summary>Fills the registries.</summary>
    /// <exception cref="StartupVerificationException">An agent or tool lacks something that it needs. It has been reported.</exception>
    public void Verify()
    {
        var wiring = Inspect();
        if (wiring.Reasons.Count > 0)
        {
            var failure = StartupVerificationException.WiringInvalid(new FailureScope("VerifyWiring"), wiring.Reasons);
            failures.Report(failure);
            throw failure;
        }

        agentRegistry.Fill(
            [.. wiring.Agents.Select(static agent => agent.Part)],
            agents.Where(static registration => registration.IsResumable).Select(static registration => registration.Type).ToHashSet());
        toolRegistry.Fill(wiring.Tools.Select(tool => tool.Part));
        Log.Verified(logger, wiring.Agents.Count, wiring.Tools.Count);
    }

    /// <summary>Checks everything, and changes nothing.</summary>
    public Wiring Inspect()
    {
        var maker = new PartMaker(services, known);
        var wiring = new Wiring();
        wiring.Agents.AddRange(
            maker.MakeAll<IAgent>("agent", agents.Select(registration => registration.Type), agent => agent.Name, wiring.Reasons));
        wiring.Tools.AddRange(
            maker.MakeAll<ITool>("tool", tools.Select(registration => registration.Type), tool => tool.Name, wiring.Reasons));
        wiring.CheckNames();
        wiring.CheckRequirements();
        return wiring;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.WiringVerified, LogLevel.Information,
            "{Agents} agents and {Tools} tools have what they need", EventName = nameof(EventIds.WiringVerified))]
        public static partial void Verified(ILogger logger, int agents, int tools);
    }
}
