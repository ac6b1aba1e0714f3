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
    private HandOverRequest? _handOver;

    /// <summary>Who wants the server to stop as soon as another process waits for its folder; null for nobody.</summary>
    public HandOverRequest? HandOver => Volatile.Read(ref _handOver);

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

            // Not after it: whoever takes it back meanwhile has the last word.
            AskPages(reason);
        }

        Log.Begun(logger, author, reason);
        return true;
    }

    /// <summary>Has the server stop as soon as another process waits for its folder; until then it serves as before.</summary>
    public void AskHandOver(string reason, string author) => Volatile.Write(ref _handOver, new HandOverRequest(reason, author));

    /// <summary>Takes back the drain, and that the server is to hand over; what a host that stops has begun goes on.</summary>
    /// <returns>Whether there was anything to take back.</returns>
    public bool TryTakeBack(string author)
    {
        var wasAsked = Interlocked.Exchange(ref _handOver, null) is not null;
        lock (_gate)
        {
            if (!bridge.TryEndDraining())
            {
                return wasAsked;
            }

            Volatile.Write(ref _state, null);
            connections.TellToStay("the server goes on");
        }

        Log.TakenBack(logger, author);
        return true;
    }

    /// <summary>The host stops: what an operator has begun goes on as that.</summary>
    /// <returns>What the server had at the beginning.</returns>
    public DrainState OnStopping()
    {
        lock (_gate)
        {
            var asked = HandOver;
            return _state ?? Begin(asked?.Reason ?? "the server stops", asked?.Author);
        }
    }

    /// <summary>Asks all pages to go; asked again, they forget what they were asked before.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="delay">How long nobody will take them: the window begins after it.</param>
    public void AskPages(string reason, TimeSpan delay = default)
        => connections.TellToReconnect(delay, WindowFor(connections.Count), reason);

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

/// <summary>That the server is to stop as soon as another process waits for its folder.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Author">Who wants it.</param>
internal sealed record HandOverRequest(string Reason, string Author);

/// <summary>A drain that is under way.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Author">Who began it; null for a host that stops.</param>
/// <param name="Since">Since when.</param>
/// <param name="Connections">How many connections there were at its beginning.</param>
/// <param name="Runs">How many runs of agents were open.</param>
internal sealed record DrainState(string Reason, string? Author, DateTimeOffset Since, int Connections, int Runs);
