using System.Collections.Concurrent;
using System.Text;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Storage;

/// <summary>A stream as a log sees it: a lease, numbers in order, and what was committed. One thread appends; any may ask.</summary>
internal sealed class LoggedStream : IStreamOwner
{
    private readonly IEventLog _log;
    private readonly ConcurrentQueue<long> _commits = new();
    private readonly ConcurrentQueue<ExpiredRange> _expirations = new();
    private volatile IReadOnlyList<SeqRange> _acknowledged;
    private long _committedEvents;

    private LoggedStream(IEventLog log, StreamLease lease)
        => (_log, Lease, Head, _acknowledged) = (log, lease, lease.Head, lease.Acknowledged);

    public StreamLease Lease { get; }

    /// <summary>The last number taken.</summary>
    public long Head { get; private set; }

    /// <summary>What the log said it has committed, in order.</summary>
    public IReadOnlyCollection<long> Commits => _commits;

    public long Committed => _commits.IsEmpty ? Lease.Head : _commits.Last();

    /// <summary>How many events the log said it has committed.</summary>
    public long CommittedEvents => Interlocked.Read(ref _committedEvents);

    /// <summary>What the log said it has deleted.</summary>
    public IReadOnlyCollection<ExpiredRange> Expirations => _expirations;

    /// <summary>Why the log gave up; null while it has not.</summary>
    public Exception? Abandoned { get; private set; }

    /// <summary>What the stream's devices have acknowledged; the log may ask for it.</summary>
    public IReadOnlyList<SeqRange> Acknowledged
    {
        get => _acknowledged;
        set
        {
            _acknowledged = value;
            Lease.AcknowledgementsChanged = true;
        }
    }

    /// <summary>Opens a stream and claims it.</summary>
    public static async Task<LoggedStream> OpenAsync(IEventLog log, string userId)
    {
        var stream = await OpenUnclaimedAsync(log, userId);
        await log.ClaimAsync(stream.Lease, CancellationToken.None);
        return stream;
    }

    public static async Task<LoggedStream> OpenUnclaimedAsync(IEventLog log, string userId)
    {
        LoggedStream? stream = null;
        await log.OpenAsync(userId, lease => stream = new LoggedStream(log, lease), CancellationToken.None);
        return stream!;
    }

    public void OnCommitted(long through, int events)
    {
        _commits.Enqueue(through);
        Interlocked.Add(ref _committedEvents, events);
    }

    public IReadOnlyList<SeqRange> ReadAcknowledged() => _acknowledged;

    public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => SeqRanges.Without(range, _acknowledged);

    public void OnExpired(in ExpiredRange expired) => _expirations.Enqueue(expired);

    public void OnAbandoned(Exception cause) => Abandoned = cause;

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

    public AppendResult TryAppend(
        DateTimeOffset at,
        int padding = 0,
        EventType type = EventType.Token,
        LogRun? run = null,
        PublishKey? key = null,
        bool isUrgent = false,
        bool hasRoom = false,
        RunDeclaration? declared = null,
        EventThread? thread = null,
        int attempt = 1,
        LogQuestion? question = null,
        string? publisher = null,
        CommandChange? command = null)
    {
        var seq = Head + 1;
        var entry = new LogEntry(seq, type, at, BufferOf(Lease.UserId, seq, padding))
        {
            Run = run,
            Key = key,
            IsUrgent = isUrgent,
            HasRoom = hasRoom,
            Declared = declared,
            Thread = thread,
            Attempt = attempt,
            Question = question,
            Publisher = publisher,
            Command = command,
        };
        var answer = _log.TryAppend(Lease, entry);
        Head = answer == AppendResult.Taken ? seq : Head;
        return answer;
    }

    public Task CommittedAsync(long seq)
        => Eventually.BecomesTrueAsync(() => Committed >= seq, $"number {seq} of {Lease.UserId} was committed");
}
