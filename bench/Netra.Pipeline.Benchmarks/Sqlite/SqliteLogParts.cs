using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Benchmarks.Sqlite;

/// <summary>The SQLite log as the product wires it, open in a folder of its own, with the streams of so many users.</summary>
internal sealed class SqliteLogParts : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly PipelineParts _parts;
    private readonly SqliteEventLog _log;
    private readonly LogRun[] _runs;
    private readonly StreamLease[] _leases;
    private readonly long[] _heads;
    private readonly byte[][] _events;

    private SqliteLogParts(TemporaryFolder folder, PipelineParts parts, SqliteEventLog log, int users)
    {
        (_folder, _parts, _log) = (folder, parts, log);
        (_leases, _heads) = (new StreamLease[users], new long[users]);
        _runs = [.. Enumerable.Range(0, users).Select(static _ => new LogRun("thread-7", "run-19", isEmbedded: false, agentName: null))];
        _events = [.. Enumerable.Range(0, users).Select(static user => EventOf(UserOf(user)))];
    }

    /// <summary>Opens it.</summary>
    /// <param name="users">How many users have a stream.</param>
    /// <param name="configure">Its options.</param>
    public static async Task<SqliteLogParts> OpenAsync(int users, Action<SqliteEventLogOptions> configure)
    {
        var folder = new TemporaryFolder();
        var parts = new PipelineParts(dataDirectory: folder.Path, sqlite: configure);
        var log = (SqliteEventLog)parts.Log;
        await log.StartAsync(CancellationToken.None);
        var opened = new SqliteLogParts(folder, parts, log, users);
        for (var user = 0; user < users; user++)
        {
            (opened._leases[user], _) = await log.OpenForRunAsync(
                UserOf(user), "thread-7", "run-19", static _ => new SilentOwner(), CancellationToken.None);
        }

        return opened;
    }

    /// <summary>The bytes that are stored of a user's event.</summary>
    public ReadOnlyMemory<byte> PayloadOf(int user) => _events[user].AsMemory(OwnerTag.Length);

    /// <summary>A user's next event, as it waits to be committed.</summary>
    public QueuedItem NextItem(int user) => new((SqliteLease)_leases[user], Entry(user, _heads[user] + 1));

    /// <summary>Appends a user's next event.</summary>
    public void Append(int user)
    {
        if (_log.TryAppend(_leases[user], Entry(user, ++_heads[user])) != AppendResult.Taken)
        {
            throw new InvalidOperationException("The log does not take the benchmark's event.");
        }
    }

    /// <summary>Wakes the writer, and completes when everything is committed.</summary>
    public ValueTask<bool> CommitAsync() => _log.Open.DoAsync(new WriterJob<bool>("commit", static _ => true), CancellationToken.None);

    /// <summary>Has the writer wait, so that events only pile up.</summary>
    /// <param name="release">Ends it.</param>
    /// <param name="holds">Is set when the writer waits.</param>
    /// <returns>Completes when the writer goes on.</returns>
    public async Task HoldAsync(ManualResetEventSlim release, ManualResetEventSlim holds)
        => await _log.Open.DoAsync(
            new WriterJob<bool>(
                "hold",
                _ =>
                {
                    holds.Set();
                    release.Wait();
                    return true;
                }),
            CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _parts.DisposeAsync();
        _folder.Dispose();
    }

    private LogEntry Entry(int user, long seq)
        => new(seq, EventType.Token, TimeProvider.System.GetUtcNow(), _events[user]) { Run = _runs[user] };

    private static string UserOf(int user) => $"user-{user:D4}";

    // As long as a token of a few words is with its envelope.
    private static byte[] EventOf(string userId)
    {
        var buffer = new byte[OwnerTag.Length + 200];
        buffer.AsSpan().Fill((byte)'x');
        OwnerTag.Write(buffer, OwnerTag.Of(userId));
        return buffer;
    }

    private sealed class SilentOwner : IStreamOwner
    {
        public void OnCommitted(long through, int events)
        {
        }

        public IReadOnlyList<SeqRange> ReadAcknowledged() => [];

        public IReadOnlyList<SeqRange> OnExpiring(SeqRange range) => [];

        public void OnExpired(in ExpiredRange expired)
        {
        }

        public void OnAbandoned(Exception cause)
        {
        }
    }
}
