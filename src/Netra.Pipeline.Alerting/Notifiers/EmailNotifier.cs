using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// The channel <c>email</c>: SMTP, a connection for each mail. When the server refuses a recipient, the others get the mail. Stateless.
/// </summary>
internal sealed class EmailNotifier : INotifier
{
    private readonly EmailOptions _options;
    private readonly AlertMail _mail;
    private readonly X509Certificate2? _root;
    private readonly ConnectionRetry _connecting;

    public EmailNotifier(IOptions<EmailOptions> options, TimeProvider time)
        : this(options, time, root: null)
    {
    }

    /// <param name="options">The server, the sender and the recipients.</param>
    /// <param name="time">The clock.</param>
    /// <param name="root">The only root that is trusted; the machine's when null.</param>
    internal EmailNotifier(IOptions<EmailOptions> options, TimeProvider time, X509Certificate2? root)
    {
        (_options, _root) = (options.Value, root);
        _mail = new AlertMail(_options);
        _connecting = new ConnectionRetry(time, static exception => exception is SocketException);
    }

    public string Name => "email";

    public TimeSpan MinInterval => TimeSpan.Zero;

    public async Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken)
    {
        using var message = _mail.Write(notification);
        using var client = new AlertSmtpClient { CheckCertificateRevocation = false };
        Trust(client);
        try
        {
            await _connecting.RunAsync(token => ConnectAsync(client, token), cancellationToken);
            if (!string.IsNullOrEmpty(_options.UserName))
            {
                await client.AuthenticateAsync(_options.UserName, _options.Password!, cancellationToken);
            }

            await client.SendAsync(message, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw client.Refused.Count > 0 ? RefusalOf(client, message.To.Count) : FailureOf(exception);
        }

        if (client.Refused.Count > 0)
        {
            throw RefusalOf(client, message.To.Count);
        }

        await SayGoodbyeAsync(client, cancellationToken);
    }

    // A server's texts may repeat secrets, so messages have its codes alone.
    private static NotificationFailedException FailureOf(Exception exception) => exception switch
    {
        AuthenticationException { InnerException: SmtpCommandException { StatusCode: var code } } =>
            new($"the login was refused with {(int)code}", IsFinal(code), null, exception),
        AuthenticationException => new("the login was refused", isPermanent: true, null, exception),
        SmtpCommandException { StatusCode: var code, ErrorCode: var error } =>
            new($"the server answered {(int)code} ({error})", IsFinal(code), null, exception),
        SslHandshakeException =>
            new("no TLS: the server's certificate, or its protocol, is not accepted", isPermanent: false, null, exception),
        NotSupportedException =>
            new("the server does not offer what Netra:Alerting:Email:Security, or the login, asks for", isPermanent: true, null, exception),
        ProtocolException or ServiceNotConnectedException or IOException =>
            new("the server broke off, or does not speak SMTP", isPermanent: false, null, exception),
        SocketException => new($"nothing was answered: {exception.Message}", isPermanent: false, null, exception),
        _ => new($"the mail was not sent: {exception.GetType().Name}", isPermanent: true, null, exception),
    };

    // The accepted recipients have the mail; another try would send it to them twice.
    private static NotificationFailedException RefusalOf(AlertSmtpClient client, int recipients)
    {
        var codes = string.Join(", ", client.Refused.Select(static code => (int)code).Distinct());
        var hasNobody = client.Refused.Count == recipients;
        return new NotificationFailedException(
            $"{client.Refused.Count} of {recipients} recipients were refused with "
            + $"{codes}{(hasNobody ? string.Empty : "; the others have the mail")}",
            isPermanent: !hasNobody || client.Refused.Any(IsFinal));
    }

    private static bool IsFinal(SmtpStatusCode code) => (int)code >= 500;

    // The server has the mail by now, so a failure to disconnect changes nothing.
    private static async Task SayGoodbyeAsync(AlertSmtpClient client, CancellationToken cancellationToken)
    {
        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (Exception exception)
            when (exception is IOException or ProtocolException or CommandException or SocketException or OperationCanceledException)
        {
            await client.DisconnectAsync(quit: false, CancellationToken.None);
        }
    }

    private async Task ConnectAsync(AlertSmtpClient client, CancellationToken cancellationToken)
    {
        var security = _options.Security switch
        {
            SmtpSecurity.None => SecureSocketOptions.None,
            SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
            SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
            _ => throw new UnreachableException($"Security {_options.Security} has no counterpart."),
        };
        await client.ConnectAsync(_options.Host!, _options.Port, security, cancellationToken);
    }

    private void Trust(AlertSmtpClient client)
    {
        if (_root is null)
        {
            return;
        }

        client.ServerCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            using var chain = new X509Chain { ChainPolicy = ChannelHttp.TrustIn(_root) };
            return (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None
                && certificate is X509Certificate2 presented && chain.Build(presented);
        };
    }
}

/// <summary>Sends a mail to the recipients whom the server accepts, and records how it refused the others. One mail a client.</summary>
internal sealed class AlertSmtpClient : SmtpClient
{
    private readonly List<SmtpStatusCode> _refused = [];

    /// <summary>How the server refused recipients, in order.</summary>
    public IReadOnlyList<SmtpStatusCode> Refused => _refused;

    protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        => _refused.Add(response.StatusCode);

    // The notifier reports the recorded refusals instead of an exception.
    protected override void OnNoRecipientsAccepted(MimeMessage message)
    {
    }
}
