using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting;

/// <summary>Checks alerting's options against each other, and against the channels and rules there are.</summary>
internal sealed class AlertingOptionsValidator(IServiceProvider services) : IValidateOptions<AlertingOptions>
{
    private static readonly TimeSpan MinWatchdogInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxWatchdogInterval = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, AlertingOptions options)
    {
        List<string> channels;
        AlertRules rules;
        try
        {
            channels = [.. services.GetRequiredService<AlertChannels>().All.Select(static notifier => notifier.Name)];
            rules = services.GetRequiredService<AlertRules>();
        }
        catch (OptionsValidationException)
        {
            // The options of a channel, or of monitoring, are invalid, which their own validators report; there is nothing to compare with.
            return ValidateOptionsResult.Skip;
        }
        catch (InvalidOperationException exception)
        {
            // Two channels have the same name.
            return ValidateOptionsResult.Fail(exception.Message);
        }

        var problems = new List<string>();
        if (options.MaxRetryPause < options.FirstRetry)
        {
            problems.Add(
                $"Netra:Alerting:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, "
                + $"which is {options.FirstRetry}.");
        }

        var watchdog = options.Watchdog;
        if (watchdog.Channel is { Length: > 0 } channel && !channels.Contains(channel, StringComparer.Ordinal))
        {
            problems.Add($"Netra:Alerting:Watchdog:Channel is {channel}; there are the channels {string.Join(", ", channels)}.");
        }

        if (watchdog.Interval < MinWatchdogInterval || watchdog.Interval > MaxWatchdogInterval)
        {
            problems.Add(
                $"Netra:Alerting:Watchdog:Interval is {watchdog.Interval}; "
                + $"it must be between {MinWatchdogInterval} and {MaxWatchdogInterval}.");
        }

        problems.AddRange(EscalationPolicy.From(options.Escalation, channels)
            .Problems(channels, rules)
            .Select(static problem => $"Netra:Alerting:Escalation: {problem}."));
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
