namespace Netra.Pipeline.Load.Verify;

/// <summary>A run that a check publishes, from its beginning to its end, so that no run stays open. One call at a time.</summary>
/// <param name="deployment">Where to.</param>
/// <param name="userId">For whom.</param>
/// <param name="runId">Its name.</param>
internal sealed class PublishedRun(Deployment deployment, string userId, string runId)
{
    private const string Agent = """{"agent_name":"verify"}""";
    private readonly List<Receipt> _receipts = [];

    public string RunId => runId;

    /// <summary>What was answered, in order.</summary>
    public IReadOnlyList<Receipt> Receipts => _receipts;

    public Task StartAsync(CancellationToken cancellationToken) => PublishAsync("agent_started", Agent, cancellationToken);

    public Task ThinkAsync(CancellationToken cancellationToken)
        => PublishAsync("agent_thinking", """{"thought":"Does it come through?"}""", cancellationToken);

    public async Task UseToolAsync(CancellationToken cancellationToken)
    {
        await PublishAsync("tool_executing", """{"tool_name":"verify"}""", cancellationToken);
        await PublishAsync("tool_completed", """{"tool_name":"verify"}""", cancellationToken);
    }

    public Task TokenAsync(CancellationToken cancellationToken)
        => PublishAsync("token", $$"""{"delta":"{{_receipts.Count}} "}""", cancellationToken);

    public Task CompleteAsync(CancellationToken cancellationToken) => PublishAsync("agent_completed", Agent, cancellationToken);

    private async Task PublishAsync(string type, string data, CancellationToken cancellationToken)
        => _receipts.Add(await deployment.PublishAsync(userId, runId, type, data, cancellationToken));
}
