using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Streams;

/// <summary>What the windows of all streams hold together, in bytes. Safe to use from any thread.</summary>
/// <param name="options">Its limit.</param>
/// <param name="most">Another limit, of which the lower one counts.</param>
internal sealed class WindowBudget(IOptions<StreamOptions> options, long most = long.MaxValue)
{
    private readonly long _limit = Math.Min(options.Value.WindowBudgetBytes, most);
    private long _used;

    public bool IsExceeded => Volatile.Read(ref _used) > _limit;

    public long Used => Volatile.Read(ref _used);

    public long ReadUsed() => Used;

    public void Take(int bytes) => Interlocked.Add(ref _used, bytes);

    public void Return(int bytes) => Interlocked.Add(ref _used, -bytes);
}
