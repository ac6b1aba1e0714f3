using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Gate;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Has the server left by its pages before it stops: on an operator's word, which can be taken back, or because the host stops. Pages are
/// asked at once, each of them to go at another moment, and none is ended. Safe from any thread.
/// </summary>
internal sealed partial class PipelineDrain(
    PipelineBridge bridge,
    ConnectionRegistry connections,
    IOptions<HostingOptions> options,
    ILogger<PipelineDrain> logger,
    TimeProvider time)
{
    // Pages that come back by themselves spread over about a second: fewer than this many are not kept away longer than that.
    private const double PagesPerSecond = 1000;

    private readonly Lock _gate = new();
    private DrainState? _state;

    /// <summary>What is under way; null while the server is not drained.</summary>
    public DrainState? State => Volatile.Read(ref _state);

    /// <summary>Begins it; one that is under way stays as it is.</summary>
    /// <returns>Whether the server served until now.</returns>
    public bool TryBegin(string reason, string author)
    {
        lock (_gate)
        {
            if (!bridge.TryBeginDraining())
            {
                return false;
            }

            Begin(reason, author);
        }

        Log.Begun(logger, author, reason);
        AskPages(reason);
        return true;
    }

    /// <summary>Takes it back; one of a host that stops goes on.</summary>
    /// <returns>Whether the server drained until now.</returns>
    public bool TryTakeBack(string author)
    {
        lock (_gate)
        {
            if (!bridge.TryEndDraining())
            {
                return false;
            }

            Volatile.Write(ref _state, null);
        }

        Log.TakenBack(logger, author);
        connections.TellToStay("the server goes on");
        return true;
    }

    /// <summary>The host stops: what an operator has begun goes on as that.</summary>
    /// <returns>What the server had at the beginning.</returns>
    public DrainState OnStopping()
    {
        lock (_gate)
        {
            return _state ?? Begin("the server stops", author: null);
        }
    }

    /// <summary>Asks all pages to go; asked again, they forget what they were asked before.</summary>
    public void AskPages(string reason) => connections.TellToReconnect(WindowFor(connections.Count), reason);

    // A page that is alone must not be away longer than without being asked.
    private TimeSpan WindowFor(int pages)
    {
        var (longest, needed) = (options.Value.ReconnectWindow, TimeSpan.FromSeconds(Math.Max(1, pages / PagesPerSecond)));
        return needed < longest ? needed : longest;
    }

    private DrainState Begin(string reason, string? author)
    {
        var state = new DrainState(reason, author, time.GetUtcNow(), connections.Count, bridge.OpenRuns);
        Volatile.Write(ref _state, state);
        return state;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.DrainBegun,
            LogLevel.Warning,
            "The server is drained, by {Author}: {Reason}. It is not ready any more, and takes no new connections and runs",
            EventName = nameof(EventIds.DrainBegun))]
        public static partial void Begun(ILogger logger, string author, string reason);

        [LoggerMessage(
            EventIds.DrainTakenBack,
            LogLevel.Warning,
            "The drain is taken back, by {Author}: the server is ready again",
            EventName = nameof(EventIds.DrainTakenBack))]
        public static partial void TakenBack(ILogger logger, string author);
    }
}

/// <summary>A drain that is under way.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Author">Who began it; null for a host that stops.</param>
/// <param name="Since">Since when.</param>
/// <param name="Connections">How many connections there were at its beginning.</param>
/// <param name="Runs">How many runs of agents were open.</param>
internal sealed record DrainState(string Reason, string? Author, DateTimeOffset Since, int Connections, int Runs);
