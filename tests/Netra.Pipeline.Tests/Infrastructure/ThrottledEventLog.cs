using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A real log whose troubles a test commands: it is full or failed, throws, holds commits back, or returns wrong rows. What is held back is
/// not readable either, as with a log that stores in the background. Safe for any number of threads.
/// </summary>
internal sealed class ThrottledEventLog : DelegatingEventLog
{
    private readonly Lock _gate = new();
    private readonly Dictionary<StreamLease, CommitGate> _commits = [];
    private bool _held;

    public ThrottledEventLog(IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : base(new InMemoryEventLog(options, time))
    {
    }

    public ThrottledEventLog()
        : this(Options.Create(new InMemoryEventLogOptions()), TimeProvider.System)
    {
    }

    public override string Bound => "what the test says (ThrottledEventLog)";

    public override string? Trouble => TroubleText;

    /// <summary>Why nothing can be stored.</summary>
    public string? TroubleText { get; set; }

    /// <summary>What every append is answered with, instead of being taken.</summary>
    public AppendResult Answer { get; set; } = AppendResult.Taken;

    /// <summary>What every append throws.</summary>
    public Exception? AppendFault { get; set; }

    /// <summary>What every read throws.</summary>
    public Exception? ReadFault { get; set; }

    /// <summary>What every opening of a stream throws.</summary>
    public Exception? OpenFault { get; set; }

    /// <summary>What giving the lease of a user back throws.</summary>
    public Func<string, Exception?> ReleaseFault { get; set; } = static _ => null;

    /// <summary>Replaces pages that are read.</summary>
    public Func<EventPage, EventPage> Replace { get; set; } = static page => page;

    public override ValueTask<StreamLease> OpenAsync(
        string userId, Func<StreamLease, IStreamOwner> own, CancellationToken cancellationToken)
    {
        Throw(OpenFault);
        return base.OpenAsync(userId, Own, cancellationToken);

        IStreamOwner Own(StreamLease lease)
        {
            var commits = new CommitGate(own(lease), lease.Head);
            lock (_gate)
            {
                commits.IsHeld = _held;
                _commits.Add(lease, commits);
            }

            return commits;
        }
    }

    /// <summary>What giving a lease back waits for.</summary>
    public TaskCompletionSource? Releasing { get; set; }

    public override async ValueTask ReleaseAsync(
        StreamLease lease, IReadOnlyList<SeqRange> acknowledged, CancellationToken cancellationToken)
    {
        Throw(ReleaseFault(lease.UserId));
        await (Releasing?.Task ?? Task.CompletedTask);
        await base.ReleaseAsync(lease, acknowledged, cancellationToken);
    }

    public override AppendResult TryAppend(StreamLease lease, in LogEntry entry)
    {
        Throw(AppendFault);
        return Answer == AppendResult.Taken ? base.TryAppend(lease, entry) : Answer;
    }

    public override async ValueTask<EventPage> ReadPageAsync(
        StreamLease lease, SeqRange range, int maxBytes, CancellationToken cancellationToken)
    {
        // Never on the caller's stack, like a log on disk.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Throw(ReadFault);
        long committed;
        lock (_gate)
        {
            committed = _commits[lease].Committed;
        }

        return Replace(await base.ReadPageAsync(lease, range with { To = Math.Min(range.To, committed) }, maxBytes, cancellationToken));
    }

    /// <summary>Holds commits back from here on.</summary>
    public void HoldCommits() => SetHeld(true);

    /// <summary>Commits what is held back, and everything that comes.</summary>
    public void ReleaseCommits() => SetHeld(false);

    private static void Throw(Exception? fault)
    {
        if (fault is not null)
        {
            throw fault;
        }
    }

    private void SetHeld(bool held)
    {
        CommitGate[] all;
        lock (_gate)
        {
            _held = held;
            all = [.. _commits.Values];
        }

        foreach (var commits in all)
        {
            commits.IsHeld = held;
        }
    }
}
