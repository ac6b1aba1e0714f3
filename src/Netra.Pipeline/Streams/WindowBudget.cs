using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Streams;

/// <summary>What the windows of all streams hold together, in bytes. Safe to use from any thread.</summary>
internal sealed class WindowBudget(IOptions<StreamOptions> options)
{
    private readonly long _limit = options.Value.WindowBudgetBytes;
    private long _used;

    public bool IsExceeded => Volatile.Read(ref _used) > _limit;

    public long Used => Volatile.Read(ref _used);

    public void Take(int bytes) => Interlocked.Add(ref _used, bytes);

    public void Return(int bytes) => Interlocked.Add(ref _used, -bytes);
}
