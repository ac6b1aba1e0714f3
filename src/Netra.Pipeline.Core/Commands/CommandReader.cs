using System.Diagnostics.CodeAnalysis;
using Netra.Pipeline.Events;

namespace Netra.Pipeline.Commands;

/// <summary>
/// An open answer that carries commands of one publisher. The registry gives it commands; its writer takes their lines. Disposing it gives
/// back what it has not acknowledged.
/// </summary>
/// <remarks>
/// The registry's lock guards everything. Bounded by the untaken commands of its publisher: each is with one reader at a time.
/// </remarks>
/// <param name="registry">Where it was opened.</param>
/// <param name="publisher">Whose commands it reads.</param>
/// <param name="request">The request whose answer it is, where that publishes too.</param>
/// <param name="wantsMessages">Whether it has subscribed to the messages of pages.</param>
internal sealed class CommandReader(CommandRegistry registry, string publisher, RunPublisher? request, bool wantsMessages) : IDisposable
{
    private TaskCompletionSource? _waiting;

    public string Publisher => publisher;

    public RunPublisher? Request => request;

    public bool WantsMessages => wantsMessages;

    /// <summary>What it has, written or not.</summary>
    public HashSet<HeldCommand> Held { get; } = [];

    /// <summary>What it has not written yet, in order.</summary>
    public LinkedList<HeldCommand> Unwritten { get; } = [];

    /// <summary>How many commands it has let expire since it acknowledged one: others are asked before it.</summary>
    public int Missed { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Takes the next line that is to be written.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> line) => registry.TryTake(this, out line);

    /// <summary>Completes when there is a line, or at once.</summary>
    [SuppressMessage("Style", "VSTHRD200", Justification = "It says when, and does nothing.")]
    public Task WhenAny() => registry.WhenAny(this);

    public void Dispose() => registry.Close(this);

    /// <summary>What completes when there is a line; made once for all that wait. Under the registry's lock.</summary>
    public Task Wait() => (_waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>There is a line. Under the registry's lock.</summary>
    public void Wake()
    {
        _waiting?.TrySetResult();
        _waiting = null;
    }
}
