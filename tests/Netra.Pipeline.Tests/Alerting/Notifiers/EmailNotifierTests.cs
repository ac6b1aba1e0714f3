using Microsoft.Extensions.Options;
using MimeKit;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>Mail over real SMTP and TLS.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EmailNotifierTests
{
    private const string Password = "correct-horse";

    [TestCase(SmtpSecurity.StartTls)]
    [TestCase(SmtpSecurity.Tls)]
    [TestCase(SmtpSecurity.None)]
    public async Task Notify_Begun_SendsTheMail(SmtpSecurity security)
    {
        await using var sink = new SmtpSink(isTlsFirst: security == SmtpSecurity.Tls);

        await NotifierOf(sink, security, hasLogin: true).NotifyAsync(
            Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None);

        var mail = sink.Mails.Single();
        Assert.That(mail.IsTls, Is.EqualTo(security != SmtpSecurity.None));
        Assert.That(mail.Login, Is.EqualTo($"netra:{Password}"));
        Assert.That(mail.Recipients, Is.EqualTo(new[] { "ada@example.org", "grace@example.org" }));
        var message = mail.Message;
        Assert.That(message.From.ToString(), Is.EqualTo("\"Netra\" <netra@example.org>"));
        Assert.That(message.To.Mailboxes.Select(static m => m.Address), Is.EqualTo(mail.Recipients));
        Assert.That(message.Subject, Is.EqualTo("[Netra] silent_failures"));
        Assert.That(message.Importance, Is.EqualTo(MessageImportance.High));
        Assert.That(message.Headers[HeaderId.AutoSubmitted], Is.EqualTo("auto-generated"));
        Assert.That(message.Date.ToUnixTimeSeconds(), Is.EqualTo(TestTimeProvider.Start.AddSeconds(2).ToUnixTimeSeconds()));
        Assert.That(message.TextBody!.ReplaceLineEndings("\n").TrimEnd(), Is.EqualTo("""
            FIRING: 3 pages make no progress

            Pages are there <but> do nothing & nobody sees it.

            Rule: silent_failures
            Severity: critical
            Level: operations
            Since: 2026-03-29T00:59:58.123Z
            Value: 3 (threshold 0)
            Labels: code=silent_failure
            Incident: silent_failures/2026-03-29
            """.ReplaceLineEndings("\n")));
    }

    [Test]
    public async Task Notify_AllOfAnIncident_IsOneThreadAndEachLevelIsTold()
    {
        await using var sink = new SmtpSink();
        var notifier = NotifierOf(sink);

        await notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None);
        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Escalate, TestTimeProvider.Start, EscalationLevel.Engineering), CancellationToken.None);
        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Escalate, TestTimeProvider.Start, EscalationLevel.Management), CancellationToken.None);
        await notifier.NotifyAsync(Sample.Of(NotificationKind.Resolve, TestTimeProvider.Start), CancellationToken.None);
        await notifier.NotifyAsync(
            Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start) with { IncidentKey = "other" }, CancellationToken.None);

        var messages = sink.Mails.Select(static m => m.Message).ToList();
        Assert.That(messages.Take(4).Select(static m => m.References.Single()), Is.All.EqualTo(messages[0].InReplyTo));
        Assert.That(messages.Take(4).Select(static m => m.MessageId), Is.Unique.And.All.EndsWith("@example.org"));
        Assert.That(messages[4].References.Single(), Is.Not.EqualTo(messages[0].InReplyTo));
        Assert.That(
            messages.Select(static m => m.Subject).Distinct(),
            Is.EqualTo(new[] { "[Netra] silent_failures", "Re: [Netra] silent_failures" }));
        Assert.That(
            sink.Mails.Select(static m => m.Recipients[0]),
            Is.EqualTo(new[] { "ada@example.org", "ada@example.org", "boss@example.org", "ada@example.org", "ada@example.org" }));
    }

    [Test]
    public async Task Notify_AnotherTry_HasTheSameMessageId()
    {
        await using var sink = new SmtpSink();
        var notification = Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start);

        await NotifierOf(sink).NotifyAsync(notification, CancellationToken.None);
        await NotifierOf(sink).NotifyAsync(notification, CancellationToken.None);

        Assert.That(sink.Mails[0].Message.MessageId, Is.EqualTo(sink.Mails[1].Message.MessageId));
    }

    [TestCase("AUTH", "535 5.7.8 no, correct-horse is wrong", true, "the login was refused with 535")]
    [TestCase("AUTH", "454 4.7.0 not now", false, "the login was refused with 454")]
    [TestCase("MAIL", "451 4.3.0 disk full", false, "the server answered 451")]
    [TestCase("MAIL", "553 5.1.8 nobody you may write as", true, "the server answered 553")]
    [TestCase("DATA", "421 4.3.2 going down", false, "the server answered 421")]
    [TestCase("DATA", "554 5.7.1 spam", true, "the server answered 554")]
    [TestCase("RCPT", "550 5.1.1 no such mailbox", true, "2 of 2 recipients were refused with 550")]
    [TestCase("RCPT", "451 4.7.1 greylisted", false, "2 of 2 recipients were refused with 451")]
    public async Task Notify_Refused_SaysWhetherAnotherTryMakesSense(string line, string answer, bool isPermanent, string message)
    {
        await using var sink = new SmtpSink();
        sink.Refuse(line, answer);

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => NotifierOf(sink, hasLogin: true).NotifyAsync(
                Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;

        Assert.That(failure.Message, Does.StartWith(message).And.Not.Contain(Password));
        Assert.That(failure.IsPermanent, Is.EqualTo(isPermanent));
        Assert.That(sink.Mails, Is.Empty);
    }

    [TestCase("550 5.1.1 no such mailbox")]
    [TestCase("451 4.7.1 greylisted")]
    public async Task Notify_OneRecipientIsRefused_TellsTheOthersAndSaysSo(string answer)
    {
        await using var sink = new SmtpSink();
        sink.Refuse("RCPT TO:<ada@", answer);

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => NotifierOf(sink).NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;

        Assert.That(failure.Message, Does.StartWith("1 of 2 recipients were refused").And.EndsWith("the others have the mail"));
        Assert.That(failure.IsPermanent, Is.True, "another try would tell the others twice");
        Assert.That(sink.Mails.Single().Recipients, Is.EqualTo(new[] { "grace@example.org" }));
    }

    [Test]
    public async Task Notify_ServerWithoutTls_SendsNothingInTheClear()
    {
        await using var sink = new SmtpSink { HasStartTls = false };

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => NotifierOf(sink, hasLogin: true).NotifyAsync(
                Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;

        Assert.That(failure.Message, Does.Contain("Netra:Alerting:Email:Security"));
        Assert.That(failure.IsPermanent, Is.True);
        Assert.That(sink.Mails, Is.Empty);
    }

    [Test]
    public async Task Notify_CertificateOfAnotherRoot_SendsNothing()
    {
        await using var sink = new SmtpSink();
        using var stranger = TestCertificate.Create();
        var notifier = new EmailNotifier(OptionsOf(sink.Port, SmtpSecurity.StartTls, hasLogin: true), TimeProvider.System, stranger);

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;

        Assert.That(failure.Message, Does.StartWith("no TLS"));
        Assert.That(failure.IsPermanent, Is.False);
        Assert.That(sink.Mails, Is.Empty);
    }

    [Test]
    public void Notify_NobodyListens_IsTransient()
    {
        using var closed = new ClosedPort();
        var notifier = new EmailNotifier(OptionsOf(closed.Port, SmtpSecurity.StartTls, hasLogin: false), TimeProvider.System);

        var failure = Assert.ThrowsAsync<NotificationFailedException>(
            () => notifier.NotifyAsync(Sample.Of(NotificationKind.Trigger, TestTimeProvider.Start), CancellationToken.None))!;

        Assert.That(failure.Message, Does.StartWith("nothing was answered"));
        Assert.That(failure.IsPermanent, Is.False);
    }

    private static EmailNotifier NotifierOf(SmtpSink sink, SmtpSecurity security = SmtpSecurity.StartTls, bool hasLogin = false)
        => new(OptionsOf(sink.Port, security, hasLogin), TimeProvider.System, sink.Root);

    private static IOptions<EmailOptions> OptionsOf(int port, SmtpSecurity security, bool hasLogin) => Options.Create(new EmailOptions
    {
        Host = "127.0.0.1",
        Port = port,
        Security = security,
        UserName = hasLogin ? "netra" : null,
        Password = hasLogin ? Password : null,
        From = "Netra <netra@example.org>",
        Recipients = { "ada@example.org", "Grace <grace@example.org>" },
        ManagementRecipients = { "boss@example.org" },
    });
}
