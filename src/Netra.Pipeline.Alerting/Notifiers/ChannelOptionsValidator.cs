using Microsoft.Extensions.Options;
using MimeKit;
using Netra.Pipeline.Delivery;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// Checks the format of the channels' options that are text, and the options against each other. No message repeats a key, a password or a
/// URL, which may have one in it. Stateless.
/// </summary>
internal sealed class ChannelOptionsValidator :
    IValidateOptions<PagerDutyOptions>,
    IValidateOptions<SlackOptions>,
    IValidateOptions<AlertWebhookOptions>,
    IValidateOptions<EmailOptions>,
    IValidateOptions<AlertmanagerOptions>
{
    private const int KeyLength = 32;
    private const int MaxRecipients = 100;

    public ValidateOptionsResult Validate(string? name, PagerDutyOptions options)
    {
        const string Section = "Netra:Alerting:PagerDuty";
        var problems = new List<string>();
        Check(nameof(options.RoutingKey), options.RoutingKey);
        Check(nameof(options.EngineeringRoutingKey), options.EngineeringRoutingKey);
        Check(nameof(options.ManagementRoutingKey), options.ManagementRoutingKey);
        Check(nameof(options.ExecutiveRoutingKey), options.ExecutiveRoutingKey);
        CheckSecretUrl(problems, $"{Section}:Url", options.Url);
        return Result(problems);

        void Check(string option, string? key)
        {
            if (string.IsNullOrEmpty(key))
            {
                return;
            }

            if (key.Length != KeyLength || !key.All(char.IsAsciiLetterOrDigit))
            {
                problems.Add($"{Section}:{option} has {key.Length} characters; it must be {KeyLength} letters and digits.");
            }

            if (string.IsNullOrEmpty(options.RoutingKey))
            {
                problems.Add($"{Section}:{option} is given, but RoutingKey is missing; without it there is no such channel.");
            }
        }
    }

    public ValidateOptionsResult Validate(string? name, SlackOptions options)
    {
        var problems = new List<string>();
        if (!string.IsNullOrEmpty(options.Url))
        {
            CheckSecretUrl(problems, "Netra:Alerting:Slack:Url", options.Url);
        }

        return Result(problems);
    }

    public ValidateOptionsResult Validate(string? name, AlertWebhookOptions options)
    {
        const string Section = "Netra:Alerting:Webhook";
        var problems = new List<string>();
        if (string.IsNullOrEmpty(options.Url) != string.IsNullOrEmpty(options.Secret))
        {
            var (missing, given) = string.IsNullOrEmpty(options.Url) ? ("Url", "Secret") : ("Secret", "Url");
            problems.Add($"{Section}:{missing} is missing; {given} is given, and only both together make a channel.");
        }

        CheckUrl(problems, $"{Section}:Url", options.Url);
        if (!string.IsNullOrEmpty(options.Secret) && WebhookSignature.ProblemOf(options.Secret) is { } problem)
        {
            problems.Add($"{Section}:Secret {problem}.");
        }

        return Result(problems);
    }

    public ValidateOptionsResult Validate(string? name, EmailOptions options)
    {
        const string Section = "Netra:Alerting:Email";
        var problems = new List<string>();
        if (!string.IsNullOrEmpty(options.Host))
        {
            CheckAddress(problems, $"{Section}:From", options.From);
            if (options.Recipients.Count == 0)
            {
                problems.Add($"{Section}:Recipients is empty; Host is given, and needs 1 to {MaxRecipients} of them.");
            }
        }

        CheckAddresses(problems, $"{Section}:Recipients", options.Recipients);
        CheckAddresses(problems, $"{Section}:EngineeringRecipients", options.EngineeringRecipients);
        CheckAddresses(problems, $"{Section}:ManagementRecipients", options.ManagementRecipients);
        CheckAddresses(problems, $"{Section}:ExecutiveRecipients", options.ExecutiveRecipients);
        if (string.IsNullOrEmpty(options.UserName) != string.IsNullOrEmpty(options.Password))
        {
            var (missing, given) = string.IsNullOrEmpty(options.UserName) ? ("UserName", "Password") : ("Password", "UserName");
            problems.Add($"{Section}:{missing} is missing; {given} is given, and only both together log in.");
        }

        if (options.Security == SmtpSecurity.None && !string.IsNullOrEmpty(options.Password) && !IsThisMachine(options.Host))
        {
            problems.Add($"{Section}:Security is None; with a password and another machine it must be StartTls or Tls.");
        }

        return Result(problems);
    }

    public ValidateOptionsResult Validate(string? name, AlertmanagerOptions options)
    {
        var problems = new List<string>();
        CheckUrl(problems, "Netra:Alerting:Alertmanager:Url", options.Url);
        return Result(problems);
    }

    private static bool IsThisMachine(string? host) => Uri.TryCreate($"smtp://{host}", UriKind.Absolute, out var url) && url.IsLoopback;

    private static void CheckUrl(List<string> problems, string option, string? value)
    {
        var isUrl = Uri.TryCreate(value, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
        if (!string.IsNullOrEmpty(value) && !isUrl)
        {
            problems.Add($"{option} is not an absolute http or https URL.");
        }
    }

    // The body or the URL holds a credential, so it must leave the machine encrypted.
    private static void CheckSecretUrl(List<string> problems, string option, string? value)
    {
        var isSafe = Uri.TryCreate(value, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
        if (!isSafe)
        {
            problems.Add($"{option} is not an absolute https URL, nor an http one of this machine.");
        }
    }

    private static void CheckAddresses(List<string> problems, string option, IList<string> addresses)
    {
        if (addresses.Count > MaxRecipients)
        {
            problems.Add($"{option} has {addresses.Count} addresses; at most {MaxRecipients} are taken.");
        }

        for (var i = 0; i < addresses.Count; i++)
        {
            CheckAddress(problems, $"{option}:{i}", addresses[i]);
        }
    }

    private static void CheckAddress(List<string> problems, string option, string? address)
    {
        if (!MailboxAddress.TryParse(address, out var mailbox) || !mailbox.Address.Contains('@', StringComparison.Ordinal))
        {
            problems.Add($"{option} is {address ?? "missing"}; it must be an e-mail address.");
        }
    }

    private static ValidateOptionsResult Result(List<string> problems)
        => problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
}
