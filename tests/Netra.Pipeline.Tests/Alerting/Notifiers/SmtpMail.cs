using MimeKit;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>A mail that a sink was sent.</summary>
internal sealed record SmtpMail(MimeMessage Message, IReadOnlyList<string> Recipients, string? Login, bool IsTls);
