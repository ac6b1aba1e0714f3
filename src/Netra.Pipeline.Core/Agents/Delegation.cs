using System.Text.Json.Nodes;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>Calls other agents for one run: each call is a run of its own in the same thread. Safe from any thread.</summary>
internal sealed class Delegation(RunScope run)
{
    private readonly FailureScope _scope = run.Request.Context.ScopeOf("Delegate");

    private string From => run.Request.Agent.Name;

    public Task<string> CallAsync(string agentName, string input, JsonNode? data, CancellationToken cancellationToken) =>
        run.OpenWork.Track($"the delegation to agent {agentName}", RunAsync(agentName, input, data, cancellationToken));

    private async Task<string> RunAsync(string agentName, string input, JsonNode? data, CancellationToken cancellationToken)
    {
        // An agent that waits for another emits nothing, but does not count as silent.
        run.Emitter.BeginDelegation();
        try
        {
            return await StartAsync(agentName, input, data, cancellationToken);
        }
        catch (PipelineException refused) when (refused.Operation == _scope.Operation && refused.RunId == _scope.RunId)
        {
            run.Services.Failures.Report(refused);
            throw;
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested || cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure)
        {
            // The delegate's run has reported its own failure; this one is the parent's, and is shown there.
            var raised = AgentCommunicationException.CallFailed(_scope, From, agentName, failure.Message, failure);
            run.Services.Failures.Report(raised);
            throw raised;
        }
        finally
        {
            run.Emitter.EndDelegation();
        }
    }

    private async Task<string> StartAsync(string agentName, string input, JsonNode? data, CancellationToken cancellationToken)
    {
        var agent = run.Services.Agents.Get(agentName, _scope, From);
        var limit = run.Services.Options.MaxDelegationDepth;
        if (run.Request.Depth >= limit)
        {
            throw AgentCommunicationException.CallFailed(
                _scope, From, agentName,
                $"agents may delegate {limit} deep ({AgentOptions.SectionName}:{nameof(AgentOptions.MaxDelegationDepth)}), "
                + "and this run is that deep already");
        }

        var parent = new ParentRun(run.Request.Context, From, run.Request.Depth, run.Token);
        var request = new RunRequest(agent, input, data, run.Services.Contexts.CreateDelegated(run.Request.Context), parent);
        return await new RunningAgent(run.Services, request, cancellationToken).ToTextAsync();
    }
}
