using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using MimeKit;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// Writes a notification as a mail. All mails of an incident are one thread: they refer to a message id that is derived from the incident
/// and was never sent, so that recipients of an escalation have the same thread as the first ones; and their subjects differ in nothing but
/// <c>Re:</c>.
/// </summary>
internal sealed class AlertMail(EmailOptions options)
{
    private readonly MailboxAddress _from = MailboxAddress.Parse(options.From!);

    public MimeMessage Write(AlertNotification notification)
    {
        var root = IdOf("incident", notification.IncidentKey);
        var message = new MimeMessage
        {
            MessageId = IdOf("notification", notification.Id),
            InReplyTo = root,
            Subject = Subject(notification),
            Date = notification.At,
            Importance = notification.Severity == AlertSeverity.Critical ? MessageImportance.High : MessageImportance.Normal,
            Body = new TextPart("plain") { Text = Body(notification) },
        };
        message.References.Add(root);
        message.From.Add(_from);
        foreach (var recipient in RecipientsOf(notification.Level))
        {
            message.To.Add(MailboxAddress.Parse(recipient));
        }

        // So that no vacation responder answers it (RFC 3834).
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return message;
    }

    // A line break would end the header field, so control characters are replaced.
    private static string Subject(AlertNotification notification)
    {
        var subject = string.Concat($"[Netra] {notification.RuleName}".Select(static c => char.IsControl(c) ? ' ' : c));
        return notification.Kind == NotificationKind.Trigger ? subject : $"Re: {subject}";
    }

    private static string Body(AlertNotification notification)
    {
        var text = new StringBuilder();
        text.Append(ChannelText.StatusOf(notification.Kind)).Append(": ").Append(notification.Summary).Append("\n\n");
        if (!string.IsNullOrWhiteSpace(notification.Description))
        {
            text.Append(notification.Description).Append("\n\n");
        }

        foreach (var (name, value) in ChannelText.FactsOf(notification))
        {
            text.Append(name).Append(": ").Append(value).Append('\n');
        }

        return text.Append("Incident: ").Append(notification.IncidentKey).Append('\n').ToString();
    }

    // Keys and ids may have characters that a message id must not have, so they are hashed.
    private string IdOf(string what, string name)
        => $"{what}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16))}@{_from.Domain}";

    private IList<string> RecipientsOf(EscalationLevel level)
    {
        var own = level switch
        {
            EscalationLevel.Operations => options.Recipients,
            EscalationLevel.Engineering => options.EngineeringRecipients,
            EscalationLevel.Management => options.ManagementRecipients,
            EscalationLevel.Executive => options.ExecutiveRecipients,
            _ => throw new UnreachableException($"Level {level} has no recipients."),
        };
        return own.Count == 0 ? options.Recipients : own;
    }
}
