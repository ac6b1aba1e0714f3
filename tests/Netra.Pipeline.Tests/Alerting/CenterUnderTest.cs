using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>
/// Alerts of one process, on time that only passes when a test says so. A second one on the same folder is the next process.
/// </summary>
internal sealed class CenterUnderTest : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<(string Signal, string? Label), double> _readings = [];
    private readonly Task _running;

    public CenterUnderTest(
        TestTimeProvider time, IReadOnlyList<INotifier> notifiers, string? folder = null, Action<AlertingOptions>? configure = null)
    {
        Time = time;
        Served = new ServedTime(time);
        var options = new AlertingOptions();
        configure?.Invoke(options);
        Log = new ScriptedNotifier(LogNotifier.Channel);
        Alerts = new AlertCenter(
            [.. notifiers, Log],
            new AlertRules(),
            new AlertStorage(folder),
            Options.Create(options),
            Reported.Reporter,
            new OperatorActionLog(Reported.LoggerProvider.CreateLogger(OperatorActionLog.Category)),
            Reported.LoggerProvider.CreateLogger<AlertCenter>(),
            new InMemoryEventLog(Options.Create(new InMemoryEventLogOptions()), time),
            time,
            Served);
        foreach (var rule in Alerts.Rules.Where(static rule => rule.Signal != AlertRules.SignalAge))
        {
            _readings[(rule.Signal, null)] = EngineUnderTest.BestOf(rule.Signal);
        }

        Alerts.Open();
        _running = Alerts.RunAsync(_stopping.Token);
    }

    public TestTimeProvider Time { get; }

    public ServedTime Served { get; }

    public AlertCenter Alerts { get; }

    public ScriptedNotifier Log { get; }

    public ReporterUnderTest Reported { get; } = new();

    /// <summary>Operations over the first channel, engineering over the second one an hour later, and so on.</summary>
    public static Action<AlertingOptions> StepByStep(params string[] channels) => options =>
    {
        foreach (var (index, channel) in channels.Index())
        {
            var delay = index == 0 ? TimeSpan.Zero : TimeSpan.FromHours(1);
            var step = new EscalationStepOptions { Level = (EscalationLevel)index, Delay = delay };
            step.Channels.Add(channel);
            options.Escalation.Steps.Add(step);
        }
    };

    /// <summary>One second passes with a value.</summary>
    public Task EvaluateAsync(string signal, double value, string? label = null)
    {
        _readings[(signal, label)] = value;
        Time.Advance(TimeSpan.FromSeconds(1));
        Alerts.Evaluate([.. _readings.Select(static reading => new SignalReading(reading.Key.Signal, reading.Key.Label, reading.Value))]);
        return Alerts.FlushAsync(CancellationToken.None);
    }

    /// <summary>Lets time pass in small steps until something has come to be.</summary>
    /// <param name="condition">What.</param>
    /// <param name="what">The same, for people.</param>
    /// <param name="seconds">How long a step is.</param>
    public Task PassUntilAsync(Func<bool> condition, string what, double seconds = 0.1) => Eventually.BecomesTrueAsync(
        () =>
        {
            var isTrue = condition();
            if (!isTrue)
            {
                Time.Advance(TimeSpan.FromSeconds(seconds));
            }

            return isTrue;
        },
        what);

    public async ValueTask DisposeAsync()
    {
        Served.Dispose();
        await _stopping.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // It was cancelled above.
        }

        Alerts.Dispose();
        Reported.Dispose();
        _stopping.Dispose();
    }
}
