using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Starts and stops the pipeline in order, in any host: before any listener opens, wiring check, log, loops, startup verification, and the
/// end of the runs that the last process left open; ready once the listeners are bound; draining before they close.
/// </summary>
internal sealed partial class PipelineLifetime(
    PipelineBridge bridge,
    WiringCheck wiring,
    IEventLog log,
    IEnumerable<PipelineModule> modules,
    BackgroundLoops loops,
    InterruptedRuns interrupted,
    StartupVerification verification,
    BridgeInitializations initializations,
    QuietRuns runs,
    ResumableRuns resumable,
    CommandRegistry commands,
    ConnectionRegistry connections,
    ConnectionSlots slots,
    HandleWatch handles,
    StreamRegistry streams,
    FailureReporter failures,
    PeerLog lines,
    RegisteredAuthenticator registered,
    IHostEnvironment environment,
    IOptions<HostingOptions> options,
    ILogger<PipelineLifetime> logger,
    ServedTime served,
    TimeProvider time) : IDisposable
{
    // Everything after DrainTimeout has to fit into 3 s (docs/operations.md, Stopping), one part after the other: cancelled runs (twice
    // GoodbyeTimeout) and pages (once), 0.75 s; requests, 1 s; loops, 0.5 s; the server's own stop, 0.5 s. This is for requests that have
    // not arrived whole, or whose answer the client does not read: Kestrel would wait for them as long as the host lets it. It is a little
    // more than EventLinesHandler gives its publisher.
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(1);

    // For a loop that ignores its cancellation.
    private static readonly TimeSpan LoopPatience = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopped = new();
    private Task _cutting = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        bridge.BeginInitializing();
        served.Start();
        try
        {
            if (environment.IsDevelopment())
            {
                Log.DevelopmentMode(logger);
            }

            foreach (var module in modules)
            {
                module.OnStarting();
            }

            if (slots.ProblemOfHandles() is { } problem)
            {
                throw Reported(StartupVerificationException.Failed(new FailureScope("CheckHandles"), [problem]));
            }

            wiring.Verify();
            if (registered.Problem is { } nobody)
            {
                throw Reported(StartupVerificationException.WiringInvalid(new FailureScope("VerifyWiring"), [nobody]));
            }

            await initializations.RunAsync(() => InitializeAsync(cancellationToken));
        }
        catch (Exception exception)
        {
            bridge.Fail(exception.Message);
            await loops.StopAsync();
            throw;
        }
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await OpenLogAsync(cancellationToken);
        var open = await log.ReadOpenRunsAsync(cancellationToken);
        var waiting = resumable.Take(open).ToHashSet();
        interrupted.Find([.. open.Where(run => run.IsEmbedded && !waiting.Contains(run))]);
        runs.Adopt([.. open.Where(run => !run.IsEmbedded || waiting.Contains(run))]);
        await commands.AdoptAsync(open, cancellationToken);
        loops.Start();
        try
        {
            await verification.RunAsync(cancellationToken);
        }
        catch (StartupVerificationException exception)
        {
            throw Reported(exception);
        }

        slots.Measure();
        handles.TakeSpares();

        // Before any other code may emit: these runs must not be continued by an emitter that does not know of the interruption. And before
        // any client can connect: ending thousands of runs takes a while.
        await interrupted.EndAsync(cancellationToken);
    }

    public void OnStarted()
    {
        bridge.BecomeReady();
        runs.Begin();
        Log.Ready(logger, log.Epoch);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var open = bridge.OpenRuns;
        var ended = bridge.BeginDraining();
        if (!await CompletesWithinAsync(ended, options.Value.DrainTimeout, cancellationToken))
        {
            Log.CancellingRuns(logger, bridge.OpenRuns, options.Value.DrainTimeout);
            await CompletesWithinAsync(bridge.CancelRunsAsync(), options.Value.GoodbyeTimeout, cancellationToken);
            await CompletesWithinAsync(ended, options.Value.GoodbyeTimeout, cancellationToken);
        }

        var count = connections.Count;
        foreach (var connection in connections.All)
        {
            connection.End(ConnectionEndReason.ServerShutdown);
        }

        if (!await CompletesWithinAsync(connections.WhenEmpty(), options.Value.GoodbyeTimeout, cancellationToken))
        {
            foreach (var connection in connections.All)
            {
                connection.Abort();
            }
        }

        // A publisher that still waits would hold the stop until the log has room, or its time is over.
        bridge.EndWaits();
        Log.Drained(logger, open, count);

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
        await streams.CloseAllAsync(cancellationToken);
        failures.TellAll();
        lines.TellAll();
        await _cutting;
    }

    public void Dispose() => _stopped.Dispose();

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

    private async ValueTask OpenLogAsync(CancellationToken cancellationToken)
    {
        try
        {
            await log.StartAsync(cancellationToken);
            foreach (var module in modules)
            {
                module.OnLogOpened();
            }
        }
        catch (PipelineException exception)
        {
            failures.Report(exception);
            throw;
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

    private StartupVerificationException Reported(StartupVerificationException exception)
    {
        failures.Report(exception);
        return exception;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.DevelopmentMode,
            LogLevel.Warning,
            "DEVELOPMENT MODE: no route needs authentication, and /ws and /v1/stream believe the user_id they are given. "
            + "Connections are taken from this machine only. "
            + "Set ASPNETCORE_ENVIRONMENT to anything else before others can reach this server.",
            EventName = nameof(EventIds.DevelopmentMode))]
        public static partial void DevelopmentMode(ILogger logger);

        [LoggerMessage(
            EventIds.PipelineReady,
            LogLevel.Information,
            "The pipeline is ready; epoch {Epoch}",
            EventName = nameof(EventIds.PipelineReady))]
        public static partial void Ready(ILogger logger, string epoch);

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
            EventIds.PipelineDrained,
            LogLevel.Information,
            "The pipeline is drained: {Runs} runs and {Connections} connections were open",
            EventName = nameof(EventIds.PipelineDrained))]
        public static partial void Drained(ILogger logger, int runs, int connections);
    }
}
