using Netra.Pipeline.Agents;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>What an agent of a test does in one run.</summary>
internal delegate IAsyncEnumerable<string> AgentScript(AgentExecution execution, CancellationToken cancellationToken);
