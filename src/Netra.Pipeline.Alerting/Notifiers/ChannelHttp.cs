using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Alerting.Notifiers;

/// <summary>
/// Posts to the providers of all channels, over one pool of connections: no redirects, no cookies, certificates are checked. A connection
/// that fails is tried twice more at once, since nothing has been sent by then; any other failure is an exception, and the outbox tries
/// again later. Safe from any thread.
/// </summary>
internal sealed class ChannelHttp : IDisposable
{
    private const int ReasonBytes = 512;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly ConnectionRetry _connecting;

    public ChannelHttp(TimeProvider time)
        : this(time, root: null)
    {
    }

    /// <param name="time">The clock.</param>
    /// <param name="root">The only root that is trusted; the machine's when null.</param>
    internal ChannelHttp(TimeProvider time, X509Certificate2? root)
    {
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            MaxResponseDrainSize = 16 * 1024,

            // No trace headers and no span: a span would record the URL, whose path is a secret at Slack.
            ActivityHeadersPropagator = null,

            // So that a change of a provider's address is noticed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };
        if (root is not null)
        {
            handler.SslOptions.CertificateChainPolicy = TrustIn(root);
        }

        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _connecting = new ConnectionRetry(time, static exception =>
            exception is HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError
                or HttpRequestError.NameResolutionError
            });
    }

    /// <summary>A policy that trusts one root and the certificates it has signed; names and times are checked as always.</summary>
    public static X509ChainPolicy TrustIn(X509Certificate2 root)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(root);
        return policy;
    }

    /// <summary>Sends a post. Completes when the provider has taken it: any 2xx.</summary>
    /// <exception cref="NotificationFailedException">The provider has not taken it.</exception>
    public async Task PostAsync(ChannelPost post, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _connecting.RunAsync(token => SendAsync(post, token), cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(post, response, cancellationToken);
            }
        }
        catch (HttpRequestException exception)
        {
            throw new NotificationFailedException(
                Hide(post, $"nothing was answered: {HttpReason.Of(exception)}"), isPermanent: false, innerException: exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotificationFailedException($"no connection within {ConnectTimeout}", isPermanent: false, innerException: exception);
        }
    }

    public void Dispose() => _client.Dispose();

    // An HttpRequestMessage can be sent once, so each try has its own.
    private async Task<HttpResponseMessage> SendAsync(ChannelPost post, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, post.Url) { Content = new ByteArrayContent(post.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("User-Agent", "Netra.Pipeline");
        foreach (var (name, value) in post.Headers)
        {
            request.Headers.Add(name, value);
        }

        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private async Task<NotificationFailedException> RefusalAsync(
        ChannelPost post, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var reason = await ReasonAsync(response, cancellationToken);
        var message = Hide(post, reason.Length == 0 ? $"the answer was {status}" : $"the answer was {status}: {reason}");
        var isBusy = status is >= 500 or 408 or 429;
        return new NotificationFailedException(message, isPermanent: !isBusy, RetryPause.AskedBy(response, _time));
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var bytes = new byte[ReasonBytes];
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            var text = Encoding.UTF8.GetString(bytes, 0, length);
            return string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c)).Trim();
        }
        catch (IOException)
        {
            // The status suffices; a body that breaks off has no reason to show.
            return string.Empty;
        }
    }

    private static string Hide(ChannelPost post, string message)
        => post.Secret.Length > 1 ? message.Replace(post.Secret, "***", StringComparison.Ordinal) : message;
}

/// <summary>A POST request to a channel's provider.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Body">JSON.</param>
internal sealed record ChannelPost(Uri Url, byte[] Body)
{
    /// <summary>Header fields besides those of the body.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>
    /// A secret that is removed from messages, since the provider might repeat it. Default: the path and the query of the URL.
    /// </summary>
    public string Secret { get; init; } = Url.PathAndQuery;
}
