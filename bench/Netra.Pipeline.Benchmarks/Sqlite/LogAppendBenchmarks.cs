using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Netra.Pipeline.Benchmarks.Infrastructure;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Benchmarks.Sqlite;

/// <summary>
/// One event handed to the SQLite log, up to where it waits for its commit; the writer is held meanwhile, and stores everything before the
/// next iteration. The baseline writes the same structure into a bare bounded channel.
/// </summary>
public class LogAppendBenchmarks
{
    // As many as the log's queue keeps its lists for: with more, growing them would be measured.
    private const int Events = 16_000;
    private const int Users = 64;
    private const int WarmUps = 20;

    private readonly ManualResetEventSlim _release = new();
    private readonly ManualResetEventSlim _holds = new();
    private Channel<QueuedItem> _bare = null!;
    private SqliteLogParts _parts = null!;
    private Task _held = Task.CompletedTask;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _parts = await SqliteLogParts.OpenAsync(
            Users, static options => (options.QueueEntries, options.QueueBytes) = (10_000_000, 1024L * 1024 * 1024));
        _bare = Channel.CreateBounded<QueuedItem>(new BoundedChannelOptions(10_000_000) { SingleReader = true });
        Hold();

        // An iteration is one invocation: compiled code and grown lists have to be there before.
        for (var i = 0; i < WarmUps; i++)
        {
            BareChannel();
            TryAppend();
            Empty();
        }
    }

    [IterationSetup]
    public void Empty() => EmptyAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        _release.Set();
        await _held;
        await _parts.DisposeAsync();
        _release.Dispose();
        _holds.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Events)]
    public void BareChannel()
    {
        for (var i = 0; i < Events; i++)
        {
            _bare.Writer.TryWrite(_parts.NextItem(i % Users));
        }
    }

    [Benchmark(OperationsPerInvoke = Events)]
    [HotPathStep(3, "log", "an event into the log's queue", "the same structure into a bounded channel")]
    public void TryAppend()
    {
        for (var i = 0; i < Events; i++)
        {
            _parts.Append(i % Users);
        }
    }

    private async Task EmptyAsync()
    {
        while (_bare.Reader.TryRead(out _))
        {
        }

        _release.Set();
        await _held;
        await _parts.CommitAsync();
        Hold();
    }

    private void Hold()
    {
        _release.Reset();
        _holds.Reset();
        _held = _parts.HoldAsync(_release, _holds);
        _holds.Wait();
    }
}
