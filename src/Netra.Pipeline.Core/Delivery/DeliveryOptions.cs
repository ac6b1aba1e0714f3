using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// How critical events are confirmed, and what becomes of those that are not. Configuration section <c>Netra:Delivery</c>.
/// </summary>
public sealed class DeliveryOptions
{
    /// <summary>
    /// After how long a critical event that a present page has not confirmed is sent again, in place. Range 1 s to 1 h, default 10 s. Each
    /// pause after it is twice as long as the one before, give or take a fifth.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often it is sent again. Range 1 to 10, default 3. One pause after the last time it becomes a dead letter.</summary>
    [Range(1, 10)]
    public int Tries { get; set; } = 3;

    /// <summary>The longest pause between two tries. Range 1 s to 1 day, default 5 min, and not below <see cref="FirstRetry"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxRetryPause { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long dead letters are kept. Range 1 minute to 3,650 days, default 30 days. Those that still wait for an
    /// operator are reported when they go.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan DeadLetterRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How many dead letters are kept. Range 100 to 10,000,000, default 100,000. Above it the oldest go.</summary>
    [Range(100, 10_000_000)]
    public int MaxDeadLetters { get; set; } = 100_000;

    /// <summary>How long one call of an <see cref="IEmergencyNotifier"/> may take. Range 1 s to 5 min, default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan EmergencyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How many emergencies wait for each <see cref="IEmergencyNotifier"/>. Range 1 to 65,536, default 256. One
    /// more is not told to it, which is reported.
    /// </summary>
    [Range(1, 65_536)]
    public int EmergencyQueue { get; set; } = 256;
}

/// <summary>
/// The rules between the options of delivery, and the form of those that are text. No message repeats a secret, nor
/// a URL, which may hold one.
/// </summary>
internal sealed class DeliveryOptionsValidator : IValidateOptions<DeliveryOptions>, IValidateOptions<WebhookOptions>
{
    public ValidateOptionsResult Validate(string? name, DeliveryOptions options) => options.MaxRetryPause >= options.FirstRetry
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(
            $"Netra:Delivery:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, which is {options.FirstRetry}.");

    public ValidateOptionsResult Validate(string? name, WebhookOptions options)
    {
        var problems = new List<string>();
        if (options.MaxRetryPause < options.FirstRetry)
        {
            problems.Add(
                $"Netra:Delivery:Webhook:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, "
                + $"which is {options.FirstRetry}.");
        }

        if (string.IsNullOrEmpty(options.Url) != string.IsNullOrEmpty(options.Secret))
        {
            var (missing, given) = string.IsNullOrEmpty(options.Url) ? ("Url", "Secret") : ("Secret", "Url");
            problems.Add($"Netra:Delivery:Webhook:{missing} is missing; {given} is given, and only both together make a webhook.");
        }

        if (!string.IsNullOrEmpty(options.Url)
            && (!Uri.TryCreate(options.Url, UriKind.Absolute, out var url)
                || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)))
        {
            problems.Add("Netra:Delivery:Webhook:Url is not an absolute http or https URL.");
        }

        if (!string.IsNullOrEmpty(options.Secret) && WebhookSignature.ProblemOf(options.Secret) is { } problem)
        {
            problems.Add($"Netra:Delivery:Webhook:Secret {problem}.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
