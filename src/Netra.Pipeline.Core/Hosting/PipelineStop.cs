using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Stops the pipeline in order, in any host: before the listeners close, pages are asked to go elsewhere, runs end, and who is still there
/// is told; after that, streams are given back to the log, and it says what has become of everything.
/// </summary>
internal sealed partial class PipelineStop(
    PipelineBridge bridge,
    PipelineDrain drain,
    IEventLog log,
    BridgeInitializations initializations,
    FolderHandOver folder,
    OpenListeners listeners,
    ConnectionRegistry connections,
    ConnectionSlots slots,
    StreamRegistry streams,
    BackgroundLoops loops,
    Ledger ledger,
    FailureReporter failures,
    PeerLog lines,
    IOptions<HostingOptions> options,
    ILogger<PipelineStop> logger,
    TimeProvider time) : IDisposable
{
    // Everything after DrainTimeout has to fit into 3 s (docs/operations.md, Stopping), one part after the other: cancelled runs (twice
    // GoodbyeTimeout) and pages (once), 0.75 s; requests, 1 s; loops, 0.5 s; the server's own stop, 0.5 s. This is for requests that have
    // not arrived whole, or whose answer the client does not read: Kestrel would wait for them as long as the host lets it. It is a little
    // more than EventLinesHandler gives its publisher.
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(1);

    // For a loop that ignores its cancellation.
    private static readonly TimeSpan LoopPatience = TimeSpan.FromMilliseconds(500);

    // For a log that cannot store. It tries what it has taken once more when it is closed, and says what it has to give up.
    private static readonly TimeSpan LogPatience = TimeSpan.FromMilliseconds(500);

    // For the process that takes over, to listen in this one's place; it looks every 20 ms.
    private static readonly TimeSpan SuccessorPatience = TimeSpan.FromSeconds(1);

    // What it needs then until it serves. Whoever comes earlier is held, and would be served in the same moment as all others.
    private static readonly TimeSpan SuccessorStart = TimeSpan.FromSeconds(1);

    // What was accepted before the listeners closed has its handshake answered by then.
    private static readonly TimeSpan AcceptedPause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stopped = new();
    private Task _cutting = Task.CompletedTask;
    private DrainState? _begun;
    private int _left;
    private int _cut;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _begun = drain.OnStopping();
        var ended = folder.IsSuccessorWaiting ? bridge.BeginHandingOver() : bridge.BeginDraining();
        await EndRunsAsync(ended, cancellationToken);
        var hasSuccessor = await TryGiveWayAsync(cancellationToken);
        _ = bridge.BeginDraining();

        // Again, since those that stayed until now would all come back within a moment.
        _left = connections.Count;
        drain.AskPages(_begun.Reason, hasSuccessor ? SuccessorStart : TimeSpan.Zero);
        foreach (var connection in connections.All)
        {
            connection.End(ConnectionEndReason.ServerShutdown);
        }

        if (!await CompletesWithinAsync(connections.WhenEmpty(), options.Value.GoodbyeTimeout, cancellationToken))
        {
            foreach (var connection in connections.All)
            {
                connection.Abort();
                _cut++;
            }
        }

        // A publisher that still waits would hold the stop until the log has room, or its time is over.
        bridge.EndWaits();

        // The host continues, and asks the remaining requests to end.
        _cutting = CutRequestsAsync();
    }

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        // Whatever fails below, no further request is cut.
        await _stopped.CancelAsync();
        if (!await CompletesWithinAsync(loops.StopAsync(), LoopPatience, cancellationToken))
        {
            Log.LoopsLeft(logger, LoopPatience);
        }

        // Emission ends first: an event that came after its stream has been given back would have nowhere to go.
        bridge.Stop();
        var failure = await GiveBackAsync(cancellationToken);
        TellOutcome(failure);
        failures.TellAll();
        lines.TellAll();
        await _cutting;
        if (failure is not null)
        {
            throw failure;
        }
    }

    public void Dispose() => _stopped.Dispose();

    private async Task EndRunsAsync(Task ended, CancellationToken cancellationToken)
    {
        if (ended.IsCompleted)
        {
            return;
        }

        if (bridge.State == BridgeState.Draining)
        {
            // Not while this process hands over: the other one takes nobody before this one has gone.
            drain.AskPages(_begun!.Reason);
        }

        if (!await CompletesWithinAsync(ended, options.Value.DrainTimeout, cancellationToken))
        {
            Log.CancellingRuns(logger, bridge.OpenRuns, options.Value.DrainTimeout);
            await CompletesWithinAsync(bridge.CancelRunsAsync(), options.Value.GoodbyeTimeout, cancellationToken);
            await CompletesWithinAsync(ended, options.Value.GoodbyeTimeout, cancellationToken);
        }
    }

    // From here on whoever connects waits in the queue of the process that takes over.
    private async Task<bool> TryGiveWayAsync(CancellationToken cancellationToken)
    {
        if (!folder.IsSuccessorWaiting || !await folder.LeaveAsync(SuccessorPatience, cancellationToken))
        {
            return false;
        }

        await listeners.CloseAsync(cancellationToken);
        await Task.Delay(AcceptedPause, time, cancellationToken);
        return true;
    }

    /// <returns>Why not all streams could be given back; null when they are.</returns>
    private async Task<IOException?> GiveBackAsync(CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var closing = streams.CloseAllAsync(giveUp.Token).AsTask();
        var trouble = log.Trouble;
        try
        {
            while (!closing.IsCompleted && !giveUp.IsCancellationRequested)
            {
                if (!await CompletesWithinAsync(closing, LogPatience, cancellationToken) && trouble is not null && log.Trouble is not null)
                {
                    await giveUp.CancelAsync();
                }

                trouble = log.Trouble;
            }

            await closing;
            return null;
        }
        catch (AggregateException exception)
        {
            return new IOException(
                $"{exception.InnerExceptions.Count} streams could not be given back, and go on above skipped numbers after the next start: "
                + (log.Trouble ?? exception.InnerExceptions[0].Message),
                exception);
        }
    }

    // Where every stream has been given back, after its last event, the accounts are those of the log.
    private void TellOutcome(IOException? failure)
    {
        if (_begun is not { } begun || initializations.Succeeded == 0)
        {
            // There is no log.
            return;
        }

        var seconds = (time.GetUtcNow() - begun.Since).TotalSeconds;
        var (gone, told) = (Math.Max(0, begun.Connections - _left), _left - _cut);
        if (failure is not null)
        {
            Log.StoppedInTrouble(logger, begun.Connections, begun.Runs, seconds, gone, told, _cut, failure.Message);
            return;
        }

        var account = ledger.Read().Account;
        var level = account.Unaccounted == 0 ? LogLevel.Information : LogLevel.Error;
        Log.Stopped(logger, level, begun.Connections, begun.Runs, seconds, gone, told, _cut, account.Pending, account.Unaccounted);
    }

    // More than once: until the server has closed its listeners, new requests still come.
    private async Task CutRequestsAsync()
    {
        using var timer = new PeriodicTimer(RequestPatience, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token))
            {
                if (slots.CutAll() is > 0 and var cut)
                {
                    Log.RequestsCut(logger, cut, RequestPatience);
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The server has stopped.
        }
    }

    private async Task<bool> CompletesWithinAsync(Task task, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(timeout, time, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.CancellingRuns,
            LogLevel.Warning,
            "{OpenRuns} runs did not end within {DrainTimeout}; they are cancelled",
            EventName = nameof(EventIds.CancellingRuns))]
        public static partial void CancellingRuns(ILogger logger, int openRuns, TimeSpan drainTimeout);

        [LoggerMessage(
            EventIds.RequestsCut,
            LogLevel.Information,
            "{Connections} connections whose requests did not end within {Patience} are cut",
            EventName = nameof(EventIds.RequestsCut))]
        public static partial void RequestsCut(ILogger logger, int connections, TimeSpan patience);

        [LoggerMessage(
            EventIds.LoopsLeft,
            LogLevel.Warning,
            "A background loop did not end within {Patience}; the host stops without it",
            EventName = nameof(EventIds.LoopsLeft))]
        public static partial void LoopsLeft(ILogger logger, TimeSpan patience);

        [LoggerMessage(
            EventIds.PipelineDrainedInTrouble,
            LogLevel.Error,
            "The pipeline is drained: {Connections} connections and {Runs} runs were open {Seconds:F1} s ago; {Left} connections "
            + "went by themselves, {Told} were told, {Cut} did not answer. {Trouble}",
            EventName = nameof(EventIds.PipelineDrainedInTrouble))]
        public static partial void StoppedInTrouble(
            ILogger logger, int connections, int runs, double seconds, int left, int told, int cut, string trouble);

        [LoggerMessage(
            EventId = EventIds.PipelineDrained,
            Message = "The pipeline is drained: {Connections} connections and {Runs} runs were open {Seconds:F1} s ago; {Left} connections "
                + "went by themselves, {Told} were told, {Cut} did not answer. {Stored} unacknowledged events are stored, {Lost} are lost",
            EventName = nameof(EventIds.PipelineDrained))]
        public static partial void Stopped(
            ILogger logger,
            LogLevel level,
            int connections,
            int runs,
            double seconds,
            int left,
            int told,
            int cut,
            long stored,
            long lost);
    }
}
