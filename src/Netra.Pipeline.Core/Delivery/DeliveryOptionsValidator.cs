using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Delivery;

/// <summary>The rules between the options of delivery, and the form of those that are text. No message repeats a secret, nor a URL, which may hold one.</summary>
internal sealed class DeliveryOptionsValidator : IValidateOptions<DeliveryOptions>, IValidateOptions<WebhookOptions>
{
    public ValidateOptionsResult Validate(string? name, DeliveryOptions options) => options.MaxRetryPause >= options.FirstRetry
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Netra:Delivery:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, which is {options.FirstRetry}.");

    public ValidateOptionsResult Validate(string? name, WebhookOptions options)
    {
        var problems = new List<string>();
        if (options.MaxRetryPause < options.FirstRetry)
        {
            problems.Add(
                $"Netra:Delivery:Webhook:MaxRetryPause is {options.MaxRetryPause}; it must not be below FirstRetry, which is {options.FirstRetry}.");
        }

        if (string.IsNullOrEmpty(options.Url) != string.IsNullOrEmpty(options.Secret))
        {
            var (missing, given) = string.IsNullOrEmpty(options.Url) ? ("Url", "Secret") : ("Secret", "Url");
            problems.Add($"Netra:Delivery:Webhook:{missing} is missing; {given} is given, and only both together make a webhook.");
        }

        if (!string.IsNullOrEmpty(options.Url)
            && (!Uri.TryCreate(options.Url, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)))
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
