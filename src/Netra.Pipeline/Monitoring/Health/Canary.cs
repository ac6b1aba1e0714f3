using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Monitoring.Health;

/// <summary>
/// Goes the whole way again and again: agent, tool, stream, log and socket, through the public port like any page. It counts in no user's figures. After a failure it goes sooner, to find out when the fault is gone.
/// One at a time; what it found may be read from any thread.
/// </summary>
internal sealed partial class Canary(
    CanaryPass pass,
    PublicPort port,
    AgentRunner runner,
    UserExecutionContextFactory contexts,
    PipelineBridge bridge,
    FailureReporter failures,
    IOptions<MonitoringOptions> options,
    ILogger<Canary> logger,
    TimeProvider time) : IDisposable
{
    private const string UserId = "$canary";
    private static readonly TimeSpan Sooner = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private CanaryReport? _latest;
    private long _dueAt;
    private int _failures;
    private long _passes;
    private long _rounds;

    /// <summary>The last one; null before the first.</summary>
    public CanaryReport? Latest => Volatile.Read(ref _latest);

    /// <summary>How many failed since one passed.</summary>
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
        if (!options.Value.Enabled || bridge.State != BridgeState.Ready || time.GetTimestamp() < _dueAt)
        {
            return;
        }

        await RunAsync(cancellationToken);
        var pause = ConsecutiveFailures > 0 && Sooner < options.Value.HealthCheckInterval ? Sooner : options.Value.HealthCheckInterval;
        _dueAt = time.GetTimestamp() + (long)(pause.TotalSeconds * time.TimestampFrequency);
    }

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
        var begun = time.GetTimestamp();
        var step = "connecting";
        string? problem = null;
        Exception? fault = null;
        using var timeout = new CancellationTokenSource(options.Value.CanaryTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var context = contexts.CreateSystem(UserId, "canary");
        try
        {
            using var client = await VerificationClient.ConnectAsync(address, either.Token);
            step = "running the verification agent";
            var answering = client.AnswerAsync(either.Token);
            await runner.RunAsync(VerificationAgent.AgentName, context.RequestId, context, cancellationToken: either.Token).WaitAsync(either.Token);
            step = "receiving the events";
            StartupVerification.Check(await answering);
            step = "ending the connection";
            await client.CloseAsync(either.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // A host that stops refuses the canary like anybody; whether that is a failure is judged below.
            fault = exception;
            problem = timeout.IsCancellationRequested
                ? $"{step}: not done within {options.Value.CanaryTimeout} (Netra:Monitoring:CanaryTimeout)"
                : $"{step}: {exception.Message}";
        }

        return Conclude(new CanaryReport(time.GetUtcNow(), problem, time.GetElapsedTime(begun)), context, fault);
    }

    private CanaryReport Conclude(CanaryReport report, UserExecutionContext context, Exception? fault)
    {
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
        [LoggerMessage(EventIds.CanaryRecovered, LogLevel.Information, "The canary passes again, after {Failures} that failed, in {RoundTripMs:F1} ms", EventName = nameof(EventIds.CanaryRecovered))]
        public static partial void Recovered(ILogger logger, int failures, double roundTripMs);
    }
}
