using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class ScriptedDelegate(Scripts scripts) : IAgent
{
    public string Name => "helper";

    public string Description => "Does what the test says when another agent asks.";

    public IAsyncEnumerable<string> RunAsync(AgentExecution execution, CancellationToken cancellationToken) =>
        scripts.Delegate(execution, cancellationToken);
}
