using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Benchmarks.Sqlite;

/// <summary>
/// Events of 2,000 users stored by the SQLite log, 250 a commit, each commit awaited. The baseline inserts the same bytes in the same
/// batches with a prepared statement into a rowid table of one column, with the same settings.
/// </summary>
public class LogCommitBenchmarks
{
    private const int Users = 2_000;
    private const int Batch = 250;
    private const int Commits = 8;
    private const int Events = Commits * Batch;

    private SqliteLogParts _parts = null!;
    private BareTable _bare = null!;

    /// <summary>Whether a commit waits for the disk: <c>Full</c>. The log's default is <c>Normal</c>.</summary>
    [Params(SqliteSynchronous.Normal, SqliteSynchronous.Full)]
    public SqliteSynchronous Synchronous { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        // Nothing but the batch's end wakes the writer.
        _parts = await SqliteLogParts.OpenAsync(
            Users, options => (options.Synchronous, options.TokenDelay) = (Synchronous, TimeSpan.FromSeconds(10)));
        _bare = new BareTable(Synchronous);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _parts.DisposeAsync();
        _bare.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public void PreparedInserts()
    {
        for (var commit = 0; commit < Commits; commit++)
        {
            _bare.Begin();
            for (var i = 0; i < Batch; i++)
            {
                _bare.Insert(_parts.PayloadOf((commit * Batch) + i).Span);
            }

            _bare.Commit();
        }
    }

    [Benchmark(OperationsPerInvoke = Events)]
    [HotPathStep(4, "log", "stored, 250 events of 2,000 users a commit", "prepared `INSERT`s of the same bytes, 250 a commit")]
    public async Task Store()
    {
        for (var commit = 0; commit < Commits; commit++)
        {
            for (var i = 0; i < Batch; i++)
            {
                _parts.Append((commit * Batch) + i);
            }

            await _parts.CommitAsync();
        }
    }
}
