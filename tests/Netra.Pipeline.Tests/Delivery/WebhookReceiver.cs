using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>Somebody's backend, on real Kestrel: it takes posts, checks their signatures, and answers as a test says.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwTq1n";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> _answers = new();
    private readonly ConcurrentQueue<Post> _posts = new();

    private WebhookReceiver(WebApplication app) => _app = app;

    public Uri Url => new(new Uri(_app.Urls.First()), "/hooks/netra?tenant=7");

    /// <summary>What came, answered or not, in order.</summary>
    public IReadOnlyList<Post> Posts => [.. _posts];

    public IEnumerable<(string, string)> Settings
        => [("Netra:Delivery:Webhook:Url", Url.ToString()), ("Netra:Delivery:Webhook:Secret", Secret)];

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>The next post is answered like this; those after the last one with 204.</summary>
    public void Answer(int status, string? retryAfter = null, string? location = null) => Answer(context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    });

    public void Answer(Func<HttpContext, Task> answer) => _answers.Enqueue(answer);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        _posts.Enqueue(new Post(
            $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}",
            headers["webhook-id"].Single()!,
            long.Parse(headers["webhook-timestamp"].Single()!, CultureInfo.InvariantCulture),
            headers["webhook-signature"].Single()!,
            context.Request.ContentType,
            Encoding.UTF8.GetString(body.ToArray())));
        context.Response.StatusCode = 204;
        if (_answers.TryDequeue(out var answer))
        {
            await answer(context);
        }
    }

    internal sealed record Post(string Target, string Id, long Timestamp, string Signature, string? ContentType, string Body)
    {
        public JsonElement Json => JsonDocument.Parse(Body).RootElement;

        /// <summary>The signature as the specification has it, computed without the code under test.</summary>
        public string Expected(string secret)
        {
            var key = Convert.FromBase64String(secret.Split('_')[1]);
            var signed = Encoding.UTF8.GetBytes(Id + "." + Timestamp.ToString(CultureInfo.InvariantCulture) + "." + Body);
            return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
        }
    }
}
