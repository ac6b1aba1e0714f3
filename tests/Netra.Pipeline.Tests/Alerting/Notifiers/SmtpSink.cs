using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MimeKit;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>A mail server that keeps what it is sent. It speaks as much SMTP as a client needs, and refuses what a test says.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<SmtpMail> _mails = new();
    private readonly ConcurrentDictionary<string, string> _answers = new(StringComparer.OrdinalIgnoreCase);
    private readonly X509Certificate2 _certificate = TestCertificate.Create();
    private readonly bool _isTlsFirst;
    private readonly Task _accepting;

    /// <param name="isTlsFirst">Whether it speaks TLS from the first byte, instead of offering it.</param>
    public SmtpSink(bool isTlsFirst = false)
    {
        _isTlsFirst = isTlsFirst;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public X509Certificate2 Root => _certificate;

    /// <summary>Whether it offers TLS.</summary>
    public bool HasStartTls { get; set; } = true;

    /// <summary>What was sent, in order.</summary>
    public IReadOnlyList<SmtpMail> Mails => [.. _mails];

    /// <summary>Lines that begin like this are answered so.</summary>
    public void Refuse(string line, string answer) => _answers[line] = answer;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
        _certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var peer = await _listener.AcceptTcpClientAsync(_stopping.Token);
                try
                {
                    await ServeAsync(peer);
                }
                catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client hung up, or did not like the certificate.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient peer)
    {
        Stream stream = peer.GetStream();
        var isTls = _isTlsFirst;
        if (isTls)
        {
            stream = await ToTlsAsync(stream);
        }

        var session = new SmtpSession();
        var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        await SayAsync(stream, "220 sink");
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            if (_answers.FirstOrDefault(answer => line.StartsWith(answer.Key, StringComparison.OrdinalIgnoreCase)).Value is { } refusal)
            {
                await SayAsync(stream, refusal);
                continue;
            }

            switch (line.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await SayAsync(
                        stream, HasStartTls && !isTls ? "250-sink\r\n250-STARTTLS\r\n250 AUTH PLAIN" : "250-sink\r\n250 AUTH PLAIN");
                    break;
                case "STARTTLS":
                    await SayAsync(stream, "220 go ahead");
                    stream = await ToTlsAsync(stream);
                    reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
                    isTls = true;
                    break;
                case "AUTH":
                    session.Login = Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])).TrimStart('\0').Replace(
                        '\0', ':');
                    await SayAsync(stream, "235 welcome");
                    break;
                case "RCPT":
                    session.Recipients.Add(
                        line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)]);
                    await SayAsync(stream, "250 ok");
                    break;
                case "DATA":
                    await SayAsync(stream, "354 go on");
                    await TakeAsync(reader, session, isTls);
                    await SayAsync(stream, "250 kept");
                    break;
                case "QUIT":
                    await SayAsync(stream, "221 bye");
                    return;
                default:
                    await SayAsync(stream, "250 ok");
                    break;
            }
        }
    }

    private async Task TakeAsync(StreamReader reader, SmtpSession session, bool isTls)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(_stopping.Token) is { } line && line != ".")
        {
            text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
        }

        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()));
        _mails.Enqueue(new SmtpMail(await MimeMessage.LoadAsync(bytes, _stopping.Token), [.. session.Recipients], session.Login, isTls));
    }

    private async Task<Stream> ToTlsAsync(Stream stream)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stopping.Token);
        return tls;
    }

    private Task SayAsync(Stream stream, string answer)
        => stream.WriteAsync(Encoding.UTF8.GetBytes(answer + "\r\n"), _stopping.Token).AsTask();

    private sealed class SmtpSession
    {
        public string? Login { get; set; }

        public List<string> Recipients { get; } = [];
    }
}
