using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Commands;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Starts the pipeline in order, in any host: before any listener opens, wiring check, log, loops, startup verification, and the end of the
/// runs that the last process left open; ready once the listeners are bound. <see cref="PipelineStop"/> stops it.
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
    UserErasure erasure,
    ConnectionSlots slots,
    HandleWatch handles,
    FailureReporter failures,
    RegisteredAuthenticator registered,
    IHostEnvironment environment,
    ILogger<PipelineLifetime> logger,
    ServedTime served)
{
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
            bridge.BeginOpening();
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
        await erasure.FindAsync(cancellationToken);
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
    }
}
