using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Goes the whole way again and again: agent, tool, stream, log and socket, through the public port like any page. It counts in no user's metrics. After a failure it goes sooner, to find out when the fault is gone.
/// One at a time; what it found may be read from any thread.
/// </summary>
/// <remarks>What the server's own trouble explains is no failure of the way (<see cref="LocalFaults"/>): while the log stores nothing none goes, and as soon as that is over one goes at once.</remarks>
internal sealed partial class Canary(
    CanaryPass pass,
    PublicPort port,
    AgentRunner runner,
    StreamRegistry streams,
    UserExecutionContextFactory contexts,
    PipelineBridge bridge,
    LocalFaults own,
    FailureReporter failures,
    IOptions<MonitoringOptions> options,
    ILogger<Canary> logger,
    ServedTime time) : IDisposable
{
    private const string UserId = "$canary";
    private static readonly TimeSpan Sooner = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private CanaryReport? _latest;
    private long _dueAt;
    private int _failures;
    private bool _goesNext;
    private long _passes;
    private long _rounds;

    /// <summary>The last one; null before the first.</summary>
    public CanaryReport? Latest => Volatile.Read(ref _latest);

    /// <summary>How many failed since one passed. Those that the server's own trouble explains are left out.</summary>
    public int ConsecutiveFailures => Volatile.Read(ref _failures);

    /// <summary>How many passed.</summary>
    public long Passes => Interlocked.Read(ref _passes);

    /// <summary>Whether one is on its way.</summary>
    public bool IsUnderWay => _gate.CurrentCount == 0;

    /// <summary>How often it was looked whether it is time for one.</summary>
    public long Rounds => Interlocked.Read(ref _rounds);

    /// <summary>Sends one if it is time. Called by a loop.</summary>
    public async ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        var round = GoIfDueAsync(cancellationToken);
        Interlocked.Increment(ref _rounds);
        await round;
    }

    private async ValueTask GoIfDueAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled || bridge.State != BridgeState.Ready)
        {
            return;
        }

        if (own.Now is not null)
        {
            GoNext();
            return;
        }

        if (time.GetTimestamp() < Volatile.Read(ref _dueAt) && !Volatile.Read(ref _goesNext))
        {
            return;
        }

        Volatile.Write(ref _goesNext, false);
        await RunAsync(cancellationToken);
        var pause = ConsecutiveFailures > 0 && Sooner < options.Value.HealthCheckInterval ? Sooner : options.Value.HealthCheckInterval;
        Volatile.Write(ref _dueAt, time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>Sends one with the next round, whenever it would be due: something has changed.</summary>
    public void GoNext() => Volatile.Write(ref _goesNext, true);

    /// <summary>Sends one now.</summary>
    public async Task<CanaryReport?> RunAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (port.AddressWith(pass.Issue(UserId)) is not { } address)
            {
                // A host without a port of its own is asked by whoever carries its connections.
                return null;
            }

            return await GoAsync(address, cancellationToken);
        }
        finally
        {
            pass.Revoke();
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<CanaryReport> GoAsync(Uri address, CancellationToken cancellationToken)
    {
        var (begun, mark) = (time.GetTimestamp(), own.Begin());
        var step = "loading the stream";
        string? problem = null;
        Exception? fault = null;
        using var timeout = new CancellationTokenSource(options.Value.CanaryTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var context = contexts.CreateSystem(UserId, "canary");
        var round = new VerificationRound(context.RunId);
        UserStream? stream = null;
        try
        {
            // Kept until the round is judged: what was acknowledged is known here.
            stream = await streams.PinAsync(UserId, either.Token);
            step = "connecting";
            using var client = await VerificationClient.ConnectAsync(address, round, either.Token);
            step = "running the verification agent";
            var answering = client.AnswerAsync(round, either.Token);
            await runner.RunAsync(VerificationAgent.AgentName, context.RequestId, context, cancellationToken: either.Token).WaitAsync(either.Token);
            step = "receiving the events";
            await answering;
            step = "ending the connection";
            await client.CloseAsync(either.Token);
            step = "judging the events";
            round.Check(stream.Stages.IsAcknowledged);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A host that stops refuses the canary like anybody; whether that is a failure is judged below.
            fault = exception;
            problem = timeout.IsCancellationRequested
                ? $"{step}: not done within {options.Value.CanaryTimeout} (Netra:Monitoring:CanaryTimeout)"
                : $"{step}: {exception.Message}";
        }

        finally
        {
            stream?.Pins.Remove();
        }

        return Conclude(new CanaryReport(time.GetUtcNow(), problem, time.GetElapsedTime(begun)), context, fault, problem is null ? null : mark.Since());
    }

    private CanaryReport Conclude(CanaryReport report, UserExecutionContext context, Exception? fault, string? excuse)
    {
        if (excuse is not null)
        {
            Log.Excused(logger, report.Problem!, excuse);
            GoNext();
            return report;
        }

        Volatile.Write(ref _latest, report);
        if (report.Problem is null)
        {
            Interlocked.Increment(ref _passes);
            if (Interlocked.Exchange(ref _failures, 0) is > 0 and var before)
            {
                Log.Recovered(logger, before, report.RoundTrip.TotalMilliseconds);
            }
        }
        else if (bridge.State == BridgeState.Ready)
        {
            // While the host stops, nobody is to be alarmed by it.
            Interlocked.Increment(ref _failures);
            failures.Report(Failure.In(FailureCode.CanaryFailed, context.ScopeOf("canary"), $"The canary failed at {report.Problem}") with { Exception = fault, UserId = null });
        }

        return report;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CanaryExcused, LogLevel.Information, "A canary did not come through ({Problem}), which says nothing about the way: {Excuse}", EventName = nameof(EventIds.CanaryExcused))]
        public static partial void Excused(ILogger logger, string problem, string excuse);

        [LoggerMessage(EventIds.CanaryRecovered, LogLevel.Information, "The canary passes again, after {Failures} that failed, in {RoundTripMs:F1} ms", EventName = nameof(EventIds.CanaryRecovered))]
        public static partial void Recovered(ILogger logger, int failures, double roundTripMs);
    }
}
