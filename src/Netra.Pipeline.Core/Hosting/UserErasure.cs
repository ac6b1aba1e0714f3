using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Erases users: ends their runs and connections, refuses what is emitted for them meanwhile, and has everything forgotten that is known of
/// them, in the log, in memory and in the modules. What an earlier process began is completed first.
/// </summary>
/// <remarks>
/// Safe from any thread. An erasure that has begun goes on whether or not its caller waits; a second one of the same user is the same.
/// </remarks>
internal sealed partial class UserErasure(
    IServiceProvider services,
    IEventLog log,
    StreamRegistry streams,
    ConnectionRegistry connections,
    RunRegistry runs,
    CommandRegistry commands,
    OpenRuns open,
    FailureReporter failures,
    FailureFeed feed,
    IOptions<HostingOptions> options,
    ILogger<UserErasure> logger,
    TimeProvider time) : IDisposable
{
    private const string Reason = "the user is erased";
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, Lazy<Task<StreamAccount>>> _underWay = new(StringComparer.Ordinal);

    // Begun, by this process or by an earlier one, and not done: nobody may get these users' streams before.
    private readonly ConcurrentDictionary<string, bool> _unfinished = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Erases a user.</summary>
    /// <param name="userId">The user; no reserved one.</param>
    /// <param name="cancellationToken">Gives up waiting; the erasure goes on.</param>
    /// <returns>What had become of the user's events; empty for one whom nobody knows.</returns>
    /// <exception cref="PipelineException">It cannot be done now; what has begun goes on at the next start at the latest.</exception>
    public Task<StreamAccount> EraseAsync(string userId, CancellationToken cancellationToken)
    {
        return BeginAsync(userId, onlyUnfinished: false).WaitAsync(cancellationToken);
    }

    /// <summary>Finds what an earlier process began; until it is completed nobody gets these users' streams.</summary>
    public async ValueTask FindAsync(CancellationToken cancellationToken)
    {
        foreach (var userId in await log.ReadErasuresAsync(cancellationToken))
        {
            if (streams.TryBeginErasure(userId))
            {
                _unfinished.TryAdd(userId, true);
            }
        }
    }

    /// <summary>Completes what was found. Called by a loop.</summary>
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        foreach (var userId in _unfinished.Keys.TakeWhile(_ => log.Trouble is null))
        {
            await BeginAsync(userId, onlyUnfinished: true).WaitAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private Task<StreamAccount> BeginAsync(string userId, bool onlyUnfinished)
    {
        var own = new Lazy<Task<StreamAccount>>(
            () => Task.Run(() => RunAsync(userId, onlyUnfinished, _stopping.Token), CancellationToken.None));
        return _underWay.GetOrAdd(userId, own).Value;
    }

    private async Task<StreamAccount> RunAsync(string userId, bool onlyUnfinished, CancellationToken cancellationToken)
    {
        var hasBegun = _unfinished.ContainsKey(userId);
        try
        {
            if (onlyUnfinished && !hasBegun)
            {
                // Somebody else has completed it just now, and the user may have come back since.
                return default;
            }

            var begun = time.GetTimestamp();

            // First, while their last events can still be stored: what they say later would be refused, and reported.
            open.CancelAll(userId, Reason);
            await WaitAsync(() => !open.HasAny(userId), cancellationToken);
            streams.TryBeginErasure(userId);
            await EndConnectionsAsync(userId, cancellationToken);
            await streams.CloseErasedAsync(userId, cancellationToken);

            // Those that were let in before, and opened since. From here on none can.
            await EndConnectionsAsync(userId, cancellationToken);
            hasBegun = true;
            _unfinished.TryAdd(userId, true);
            var account = await log.EraseAsync(userId, cancellationToken);
            runs.Erase(userId);
            commands.Erase(userId);
            foreach (var module in services.GetServices<PipelineModule>())
            {
                await module.EraseAsync(userId, cancellationToken);
            }

            failures.TellAll();
            feed.Erase(userId);
            await log.CompleteErasureAsync(userId, cancellationToken);
            _unfinished.TryRemove(userId, out _);
            streams.EndErasure(userId);
            Log.Erased(logger, account.Accepted, time.GetElapsedTime(begun).TotalSeconds);
            return account;
        }
        catch (Exception) when (!hasBegun)
        {
            // Nothing is deleted yet, so the user is as before. What has begun is completed by whoever asks again, or by the loop.
            streams.EndErasure(userId);
            throw;
        }
        finally
        {
            _underWay.TryRemove(userId, out _);
        }
    }

    private async Task EndConnectionsAsync(string userId, CancellationToken cancellationToken)
    {
        foreach (var connection in connections.OfUser(userId))
        {
            connection.End(ConnectionEndReason.UserErased);
        }

        if (!await WaitAsync(() => connections.OfUser(userId).Count == 0, cancellationToken))
        {
            foreach (var connection in connections.OfUser(userId))
            {
                connection.Abort();
            }

            await WaitAsync(() => connections.OfUser(userId).Count == 0, cancellationToken);
        }
    }

    private async Task<bool> WaitAsync(Func<bool> isOver, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        while (!isOver())
        {
            if (time.GetElapsedTime(begun) >= options.Value.GoodbyeTimeout)
            {
                return false;
            }

            await Task.Delay(Glance, time, cancellationToken);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.UserErased,
            LogLevel.Information,
            "A user was erased, with {Events} events, in {Seconds:F1} s",
            EventName = nameof(EventIds.UserErased))]
        public static partial void Erased(ILogger logger, long events, double seconds);
    }
}
