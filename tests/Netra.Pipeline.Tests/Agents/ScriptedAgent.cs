using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class ScriptedAgent(Scripts scripts) : IAgent
{
    public string Name => "scripted";

    public string Description => "Does what the test says.";

    public IAsyncEnumerable<string> RunAsync(AgentExecution execution, CancellationToken cancellationToken) =>
        scripts.Agent(execution, cancellationToken);
}
