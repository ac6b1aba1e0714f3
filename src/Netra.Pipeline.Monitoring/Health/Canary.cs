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
/// Sends an event the whole way, again and again: agent, tool, stream, log and socket, over the public port like the page of a user. It
/// counts in no user's metrics. After a failure the next one is sent sooner, to notice when the fault is gone. One at a time; the results
/// may be read from any thread.
/// </summary>
/// <remarks>
/// A failure that a fault of this process explains (<see cref="LocalFaults"/>) does not count. During such a fault no canary is sent, and
/// one is sent as soon as it is over.
/// </remarks>
internal sealed partial class Canary(
    CanaryPass pass,
    PublicPort port,
    AgentRunner runner,
    StreamRegistry streams,
    UserExecutionContextFactory contexts,
    PipelineBridge bridge,
    LocalFaults localFaults,
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

    /// <summary>How many failed since one passed, without those that a local fault explains.</summary>
    public int ConsecutiveFailures => Volatile.Read(ref _failures);

    public long Passes => Interlocked.Read(ref _passes);

    /// <summary>Whether one is being sent.</summary>
    public bool IsUnderWay => _gate.CurrentCount == 0;

    public long Rounds => Interlocked.Read(ref _rounds);

    /// <summary>Sends one if it is due. Called by a loop.</summary>
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

        if (localFaults.Current is not null)
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

    /// <summary>Makes the next round send one, even before it is due.</summary>
    public void GoNext() => Volatile.Write(ref _goesNext, true);

    /// <summary>Sends one now.</summary>
    public async Task<CanaryReport?> RunAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (port.AddressWith(pass.Issue(UserId)) is not { } address)
            {
                // Without a TCP port of its own, the host can be checked only from outside.
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
        var (begun, mark) = (time.GetTimestamp(), localFaults.Begin());
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
            // Kept loaded until the round is checked, since the stream knows what was acknowledged.
            stream = await streams.PinAsync(UserId, either.Token);
            step = "connecting";
            using var client = await VerificationClient.ConnectAsync(address, round, either.Token, port.Host, port.Preamble);
            step = "running the verification agent";
            var answering = client.AnswerAsync(round, either.Token);
            var run = runner.RunAsync(VerificationAgent.AgentName, context.RequestId, context, cancellationToken: either.Token);
            await run.WaitAsync(either.Token);
            step = "receiving the events";
            await answering;
            step = "ending the connection";
            await client.CloseAsync(either.Token);
            step = "judging the events";
            round.Check(stream.Stages.IsAcknowledged);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A host that stops refuses the canary too; whether that counts as a failure is decided in Conclude.
            fault = exception;
            problem = timeout.IsCancellationRequested
                ? $"{step}: not done within {options.Value.CanaryTimeout} (Netra:Monitoring:CanaryTimeout)"
                : $"{step}: {exception.Message}";
        }
        finally
        {
            stream?.Pins.Remove();
        }

        var report = new CanaryReport(time.GetUtcNow(), problem, time.GetElapsedTime(begun));
        return Conclude(report, context, fault, problem is null ? null : mark.Since());
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
            // While the host stops, a failure is expected.
            Interlocked.Increment(ref _failures);
            failures.Report(Failure.In(FailureCode.CanaryFailed, context.ScopeOf("canary"), $"The canary failed at {report.Problem}") with
            {
                Exception = fault,
                UserId = null,
            });
        }

        return report;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.CanaryExcused,
            LogLevel.Information,
            "A canary did not come through ({Problem}), which says nothing about the way: {Excuse}",
            EventName = nameof(EventIds.CanaryExcused))]
        public static partial void Excused(ILogger logger, string problem, string excuse);

        [LoggerMessage(
            EventIds.CanaryRecovered,
            LogLevel.Information,
            "The canary passes again, after {Failures} that failed, in {RoundTripMs:F1} ms",
            EventName = nameof(EventIds.CanaryRecovered))]
        public static partial void Recovered(ILogger logger, int failures, double roundTripMs);
    }
}

/// <summary>The result of a canary.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Problem">What failed, and at which step; null when it passed.</param>
/// <param name="RoundTrip">How long it took.</param>
internal sealed record CanaryReport(DateTimeOffset At, string? Problem, TimeSpan RoundTrip);
