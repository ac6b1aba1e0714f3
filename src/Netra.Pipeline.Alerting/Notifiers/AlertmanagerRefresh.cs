using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// Sends the firing alerts to the Alertmanager again, once in a resend interval. A round that fails is reported, at most once a minute, and
/// the loop goes on.
/// </summary>
internal sealed class AlertmanagerRefresh(
    IServiceProvider services, IOptions<AlertmanagerOptions> options, FailureReporter failures, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan RoundTimeout = TimeSpan.FromSeconds(30);

    private readonly FailureDigest _failed = new(time, (count, what, exception) => failures.Report(
        new Failure(
            FailureCode.NotificationFailed,
            "alertmanager",
            $"Alertmanager was not told again what fires, {count} times; the last time: {what}")
        {
            Exception = exception,
        }));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not in the constructor, which runs before the options are validated.
        if (services.GetRequiredService<AlertChannels>().All.OfType<AlertmanagerNotifier>().FirstOrDefault() is not { } notifier)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Value.ResendInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await RoundAsync(notifier, stoppingToken);
        }
    }

    private async Task RoundAsync(AlertmanagerNotifier notifier, CancellationToken stoppingToken)
    {
        using var timeout = new CancellationTokenSource(RoundTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
        try
        {
            await notifier.RefreshAsync(either.Token);
            _failed.TellIfDue();
        }
        catch (OperationCanceledException exception) when (!stoppingToken.IsCancellationRequested)
        {
            _failed.Add($"no answer within {RoundTimeout}", exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _failed.Add(exception.Message, exception);
        }
    }
}
