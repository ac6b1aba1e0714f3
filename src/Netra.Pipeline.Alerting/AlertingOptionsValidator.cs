using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting;

/// <summary>The rules between alerting's options, and between them and the channels there are.</summary>
internal sealed class AlertingOptionsValidator(IServiceProvider services) : IValidateOptions<AlertingOptions>
{
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWatch = TimeSpan.FromDays(1);

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
            // A channel's own options, or monitoring's, are invalid, which is reported by itself; there is nothing to compare with.
            return ValidateOptionsResult.Skip;
        }
        catch (InvalidOperationException exception)
        {
            // Two channels of one name.
            return ValidateOptionsResult.Fail(exception.Message);
        }

        var problems = new List<string>();
        if (options.MaxRetryPause < options.FirstRetry)
        {
            problems.Add($"Netra:Alerting:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, which is {options.FirstRetry}.");
        }

        if (options.Watchdog.Channel is { Length: > 0 } watched && !channels.Contains(watched, StringComparer.Ordinal))
        {
            problems.Add($"Netra:Alerting:Watchdog:Channel is {watched}; there are the channels {string.Join(", ", channels)}.");
        }

        if (options.Watchdog.Interval < ShortestWatch || options.Watchdog.Interval > LongestWatch)
        {
            problems.Add($"Netra:Alerting:Watchdog:Interval is {options.Watchdog.Interval}; it must be between {ShortestWatch} and {LongestWatch}.");
        }

        problems.AddRange(EscalationPolicies.ProblemsOf(EscalationPolicies.From(options.Escalation, channels), channels, rules).Select(static problem => $"Netra:Alerting:Escalation: {problem}."));
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
