using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Netra.Pipeline.Agents;

/// <summary>Registers agents, tools, and what runs them. Stateless; called while a host is built.</summary>
internal static class AgentServices
{
    /// <summary>Adds an agent.</summary>
    /// <exception cref="ArgumentException">The type is no class that implements <see cref="IAgent"/>.</exception>
    public static IServiceCollection AddAgent(IServiceCollection services, Type type, bool isResumable = false)
    {
        AddPart(services, type, typeof(IAgent));
        return services.AddSingleton(new AgentRegistration(type) { IsResumable = isResumable });
    }

    /// <summary>Adds a tool.</summary>
    /// <exception cref="ArgumentException">The type is no class that implements <see cref="ITool"/>.</exception>
    public static IServiceCollection AddTool(IServiceCollection services, Type type)
    {
        AddPart(services, type, typeof(ITool));
        return services.AddSingleton(new ToolRegistration(type));
    }

    private static void AddPart(IServiceCollection services, Type type, Type contract)
    {
        if (!type.IsClass || type.IsAbstract || !type.IsAssignableTo(contract))
        {
            throw new ArgumentException($"{type.FullName} is not a class that implements {contract.Name}.", nameof(type));
        }

        // By a factory, since the container's own check at build would otherwise stop at the first missing service, and say less than ours.
        // The container makes it once and disposes of it; a registration of the application's own, made before, wins.
        services.TryAddSingleton(type, provider => ActivatorUtilities.CreateInstance(provider, type));
    }
}
