using System.Text.Json.Nodes;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Agents;

/// <summary>
/// Calls tools for one run. <c>tool_executing</c> comes before a call and exactly one <c>tool_completed</c> after it, whichever way the
/// call ends. Safe from any thread: an agent may have several calls under way.
/// </summary>
public sealed class ToolExecutor
{
    private readonly RunScope _run;
    private int _calls;

    internal ToolExecutor(RunScope run) => _run = run;

    /// <summary>Calls a tool.</summary>
    /// <param name="tool">The tool's name.</param>
    /// <param name="arguments">Its arguments; the user is shown them.</param>
    /// <param name="ct">Cancels this call only; the run's cancellation cancels it anyway.</param>
    /// <returns>What the tool returned, also when it was too large to be shown.</returns>
    /// <exception cref="AgentCommunicationException">There is no such tool (<see cref="FailureCode.ToolUnknown"/>).</exception>
    /// <exception cref="PipelineException">
    /// <c>tool_executing</c> was not accepted, and the tool has not started; or <c>tool_completed</c> was not, and
    /// it is unknown how it ended.
    /// </exception>
    /// <exception cref="OperationCanceledException">The run or the call was cancelled.</exception>
    /// <remarks>
    /// An exception of the tool is reported, shown in <c>tool_completed</c>, and raised as it is. A result that does not
    /// fit into an event is replaced there by a note (<c>{"error":{"code":"result_too_large",…}}</c>), is reported, and is
    /// returned in full: the tool did its work.
    /// </remarks>
    public ValueTask<JsonNode?> CallToolAsync(string tool, JsonObject arguments, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(tool);
        ArgumentNullException.ThrowIfNull(arguments);
        return new(_run.OpenWork.Track($"the call of tool {tool}", CallAsync(tool, arguments, ct)));
    }

    private async Task<JsonNode?> CallAsync(string name, JsonObject arguments, CancellationToken ct)
    {
        var context = _run.Request.Context;
        var scope = context.ScopeOf("CallTool");
        try
        {
            var tool = _run.Services.Tools.Get(name, scope, _run.Request.Agent.Name);
            var callId = $"call-{Interlocked.Increment(ref _calls)}";
            var invocation = new ToolInvocation(name, callId, arguments, context) { Emitter = _run.Emitter, Run = _run };
            using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(ct, _run.Token);
            return await new ToolCall(_run, tool, invocation, scope).InvokeAsync(cancellation.Token);
        }
        catch (PipelineException failure)
        {
            _run.Services.Failures.Report(failure);
            throw;
        }
    }
}
