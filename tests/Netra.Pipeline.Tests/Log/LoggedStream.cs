using System.Collections.Concurrent;
using System.Text;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Log;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Log;

/// <summary>A stream as a log sees it: a lease, numbers in order, and what was committed. One thread appends; any may ask.</summary>
internal sealed class LoggedStream
{
    private readonly IEventLog _log;
    private readonly ConcurrentQueue<long> _commits;

    private LoggedStream(IEventLog log, StreamLease lease, ConcurrentQueue<long> commits)
        => (_log, Lease, _commits, Head) = (log, lease, commits, lease.Head);

    public StreamLease Lease { get; }

    /// <summary>The last number taken.</summary>
    public long Head { get; private set; }

    /// <summary>What the log said it has committed, in order.</summary>
    public IReadOnlyCollection<long> Commits => _commits;

    public long Committed => _commits.IsEmpty ? Lease.Head : _commits.Last();

    public static async Task<LoggedStream> OpenAsync(IEventLog log, string userId)
    {
        var commits = new ConcurrentQueue<long>();
        return new LoggedStream(log, await log.OpenAsync(userId, commits.Enqueue, CancellationToken.None), commits);
    }

    /// <summary>The buffer that an event of a user gets: the owner's tag, and text that names both.</summary>
    public static byte[] BufferOf(string userId, long seq, int padding = 0)
    {
        var text = Encoding.UTF8.GetBytes($"{{\"of\":\"{userId}\",\"seq\":{seq}}}".PadRight(padding));
        var buffer = new byte[OwnerTag.Length + text.Length];
        OwnerTag.Write(buffer, OwnerTag.Of(userId));
        text.CopyTo(buffer, OwnerTag.Length);
        return buffer;
    }

    public void Append(int count, DateTimeOffset at = default)
    {
        for (var i = 0; i < count; i++)
        {
            // A log that stores in the background may be full for a moment.
            var patience = 0;
            while (TryAppend(at) is var answer && answer != AppendResult.Taken)
            {
                Assert.That(answer == AppendResult.Full && patience++ < 100_000, $"event {Head + 1} was answered {answer}");
                Thread.Yield();
            }
        }
    }

    public AppendResult TryAppend(DateTimeOffset at, int padding = 0)
    {
        var seq = Head + 1;
        var answer = _log.TryAppend(Lease, new LogEntry(seq, EventType.Token, at, BufferOf(Lease.UserId, seq, padding)));
        Head = answer == AppendResult.Taken ? seq : Head;
        return answer;
    }

    public Task CommittedAsync(long seq) => Eventually.BecomesTrueAsync(() => Committed >= seq, $"number {seq} of {Lease.UserId} was committed");
}
