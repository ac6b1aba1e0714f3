using System.Globalization;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>One thing that a hostile peer may do, bounded in time and number.</summary>
/// <param name="name">What it is called on the command line.</param>
/// <param name="what">What is done, for people.</param>
internal abstract class Attack(string name, string what)
{
    public string Name { get; } = name;

    public string What { get; } = what;

    /// <summary>Whether the deployment must be in plain HTTP for it to make sense.</summary>
    public virtual bool IsForPlainOnly => false;

    /// <summary>Does it.</summary>
    /// <param name="target">The deployment.</param>
    /// <param name="duration">For how long, where it goes on.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>What the server did, in words.</returns>
    /// <exception cref="AttackSucceededException">The server did what it must not do.</exception>
    public abstract Task<string> RunAsync(AttackTarget target, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Fires when the time is over, or the run is ended early.</summary>
    protected static CancellationTokenSource Until(TimeSpan duration, CancellationToken cancellationToken)
    {
        var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        until.CancelAfter(duration);
        return until;
    }

    /// <summary>Does something by so many at a time.</summary>
    protected static Task<T[]> WhenAllAsync<T>(int count, Func<int, Task<T>> act)
        => Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => act(i))));

    /// <summary>A number of bytes, for people.</summary>
    protected static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB");
}

/// <summary>An attack has come through: what the server did, and should not have done.</summary>
internal sealed class AttackSucceededException(string message) : Exception(message);
