using System.Runtime.CompilerServices;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>What the agents and the tool of a test's host do; a test sets it before it runs them.</summary>
internal sealed class Scripts
{
    public AgentScript Agent { get; set; } = (_, ct) => Say(ct);

    public AgentScript Delegate { get; set; } = (_, ct) => Say(ct);

    public ToolScript Tool { get; set; } = (invocation, _) => new(invocation.Arguments.DeepClone());

    /// <summary>Which events the log refuses.</summary>
    public Func<Netra.Pipeline.Protocol.EventType, bool> LogRefuses { get; set; } = _ => false;

    public static async IAsyncEnumerable<string> Say([EnumeratorCancellation] CancellationToken cancellationToken, params string[] pieces)
    {
        foreach (var piece in pieces.Length == 0 ? ["Hel", "lo"] : pieces)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return piece;
        }
    }
}
