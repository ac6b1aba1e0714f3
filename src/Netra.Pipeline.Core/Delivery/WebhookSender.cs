using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Delivery;

/// <summary>
/// Posts dead letters, signed, to the configured receiver and nowhere else: redirects are not followed, no cookies are kept. What goes
/// wrong comes back as an answer. Safe from any thread.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly WebhookSignature? _signature;
    private readonly HttpClient _client;

    public WebhookSender(IOptions<WebhookOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        _signature = _options.IsEnabled ? new WebhookSignature(_options.Secret!) : null;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 2,
            MaxResponseDrainSize = 16 * 1024,

            // So that a change of the receiver's address is noticed.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Whether there is a receiver.</summary>
    public bool IsEnabled => _signature is not null;

    /// <summary>Posts one dead letter, once.</summary>
    public async Task<WebhookAnswer> PostAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        using var request = CreateRequest(letter);
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return Judge(response);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Away($"no answer within {_options.Timeout} (Netra:Delivery:Webhook:Timeout)");
        }
        catch (HttpRequestException exception)
        {
            return Away(HttpReason.Of(exception));
        }
    }

    public void Dispose() => _client.Dispose();

    private static WebhookAnswer Away(string problem) => new(IsTaken: false, IsReceiverAway: true, RetryAfter: null, problem);

    private HttpRequestMessage CreateRequest(DeadLetter letter)
    {
        var body = Encode(letter);
        var id = string.Create(CultureInfo.InvariantCulture, $"dl_{letter.Number}");
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, _options.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("User-Agent", "Netra.Pipeline");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", _signature!.Sign(id, timestamp, body));
        return request;
    }

    private static byte[] Encode(DeadLetter letter)
    {
        var buffer = new ArrayBufferWriter<byte>(letter.Buffer.Length + 512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "dead_letter");
            json.WriteNumber("timestamp"u8, DeadLetterJson.SecondsOf(letter.At));
            DeadLetterJson.WriteMembers(json, letter, hasWebhook: true);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private WebhookAnswer Judge(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode)
        {
            return new WebhookAnswer(IsTaken: true, IsReceiverAway: false, RetryAfter: null, string.Empty);
        }

        // A receiver that is busy or broken is so for every dead letter; one that refuses refuses this one.
        var isAway = status >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;
        return new WebhookAnswer(IsTaken: false, isAway, RetryPause.AskedBy(response, _time), $"the receiver answered {status}");
    }
}

/// <summary>What came of posting a dead letter.</summary>
/// <param name="IsTaken">Whether the receiver has taken it.</param>
/// <param name="IsReceiverAway">
/// Whether the trouble is with the receiver and not with this dead letter, so that posting another one would fail too.
/// </param>
/// <param name="RetryAfter">How long the receiver wants to be left alone; null when it did not say.</param>
/// <param name="Problem">What is wrong, for people; empty when it was taken.</param>
internal readonly record struct WebhookAnswer(bool IsTaken, bool IsReceiverAway, TimeSpan? RetryAfter, string Problem);
