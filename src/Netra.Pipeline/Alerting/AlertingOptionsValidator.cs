using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Alerting;

/// <summary>The rules between alerting's options, and between them and the channels there are.</summary>
internal sealed class AlertingOptionsValidator(IEnumerable<INotifier> notifiers, AlertRules rules) : IValidateOptions<AlertingOptions>
{
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWatch = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, AlertingOptions options)
    {
        var channels = notifiers.Select(static notifier => notifier.Name).ToList();
        var problems = new List<string>();
        if (options.MaxRetryPause < options.FirstRetry)
        {
            problems.Add($"Netra:Alerting:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, which is {options.FirstRetry}.");
        }

        foreach (var twice in channels.GroupBy(static channel => channel, StringComparer.Ordinal).Where(static group => group.Count() > 1))
        {
            problems.Add($"Two notifiers are called '{twice.Key}'; each channel needs a name of its own.");
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
