using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Agents;

/// <summary>What belongs to one started run and is shared by its runner, tool executor and delegations. Safe from any thread.</summary>
/// <param name="Services">What the host gives to every run.</param>
/// <param name="Request">What the run is to do.</param>
/// <param name="Emitter">The run's emitter; it reports an accepted overflow instead of raising it.</param>
/// <param name="Token">Fires when the run is cancelled or over.</param>
internal sealed record RunScope(RunServices Services, RunRequest Request, EventEmitter Emitter, CancellationToken Token)
{
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);

    /// <summary>
    /// Asks on behalf of the run. The id of a question without one is made of what it asks, and of how often the run has asked the same:
    /// the next attempt asks it under the same id, and no answer is taken for one to anything else, in whatever order it asks.
    /// </summary>
    public async ValueTask<RunAnswer> AskAsync(RunQuestion question, string? callId, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        var named = question with { RequestId = question.RequestId ?? IdOf(question), CallId = question.CallId ?? callId };
        var draining = Request.IsResumable ? Services.Bridge.Draining : CancellationToken.None;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Token, draining);
        try
        {
            return await Emitter.AskAsync(named, timeout, either.Token);
        }
        catch (OperationCanceledException) when (
            draining.IsCancellationRequested && !cancellationToken.IsCancellationRequested && !Token.IsCancellationRequested)
        {
            // The question stays open, and with it the run: another process goes on when the answer comes.
            IsSuspended = true;
            throw;
        }
    }

    private string IdOf(RunQuestion question)
    {
        var words = string.Join('\n', [RequestKinds.WireName(question.Kind), question.Prompt, .. question.Options]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(words)).AsSpan(0, 8));
        return $"ask-{hash}-{_asked.AddOrUpdate(hash, 1, static (_, times) => times + 1)}";
    }

    /// <summary>Whether the run is put aside, since the process stops while it waits: its end is not to be told.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>Tool calls and delegations under way.</summary>
    public OpenWork OpenWork { get; } = new();

    /// <summary>The run's span, while spans are collected.</summary>
    public Activity? Span { get; init; }
}

/// <summary>
/// The tool calls and delegations a run has under way. An agent may return without awaiting them; the run's terminal event waits for them,
/// since no event may follow it. Safe from any thread.
/// </summary>
internal sealed class OpenWork
{
    private readonly ConcurrentDictionary<Task, string> _open = new();

    public bool IsEmpty => _open.IsEmpty;

    /// <summary>What is under way, in words.</summary>
    public IReadOnlyList<string> Names => [.. _open.Values];

    public Task<T> Track<T>(string name, Task<T> work)
    {
        if (!work.IsCompleted)
        {
            _open[work] = name;
            _ = work.ContinueWith(
                Forget, _open, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return work;
    }

    /// <summary>Waits until all has ended or the time is up. The work itself has reported how it ended.</summary>
    /// <returns><see langword="false"/> when the time was up.</returns>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time)
    {
        var all = Task.WhenAll(_open.Keys);
        await all.WaitAsync(timeout, time).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return all.IsCompleted;
    }

    private static void Forget(Task ended, object? open)
    {
        // Read, so that it does not count as unobserved: a call that is not awaited has reported its failure itself.
        _ = ended.Exception;
        ((ConcurrentDictionary<Task, string>)open!).TryRemove(ended, out _);
    }
}
