using MailKit.Net.Smtp;
using MimeKit;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>Sends to those recipients whom the server takes, and remembers the others. One mail a client.</summary>
internal sealed class AlertSmtpClient : SmtpClient
{
    private readonly List<SmtpStatusCode> _refused = [];

    /// <summary>How the server refused recipients, in order.</summary>
    public IReadOnlyList<SmtpStatusCode> Refused => _refused;

    protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) => _refused.Add(response.StatusCode);

    // The mail goes to nobody; the notifier says so with what was remembered.
    protected override void OnNoRecipientsAccepted(MimeMessage message)
    {
    }
}
