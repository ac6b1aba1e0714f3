using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Alerting.Notifiers;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

/// <summary>
/// Stands in for PagerDuty, Slack and other providers: a real HTTPS server (HTTP for a program that cannot be made to trust it) that takes
/// posts and answers as a test says.
/// </summary>
internal sealed class Provider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> _answers = new();
    private readonly ConcurrentQueue<Post> _posts = new();

    private Provider(WebApplication app, X509Certificate2 certificate) => (_app, _certificate) = (app, certificate);

    public Uri Address => new(_app.Urls.First());

    public X509Certificate2 Root => _certificate;

    /// <summary>What came, answered or not, in order.</summary>
    public IReadOnlyList<Post> Posts => [.. _posts];

    public static async Task<Provider> StartAsync(bool isHttps = true)
    {
        var certificate = TestCertificate.Create();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listener =>
        {
            if (isHttps)
            {
                listener.UseHttps(certificate);
            }
        }));
        var app = builder.Build();
        var provider = new Provider(app, certificate);
        app.Run(provider.TakeAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>A way to it that trusts its certificate and no other.</summary>
    public ChannelHttp Http(TimeProvider? time = null) => new(time ?? TimeProvider.System, Root);

    /// <summary>The next post is answered like this; those after the last one with 202.</summary>
    public void Answer(int status, string body = "", string? retryAfter = null) => Answer(context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return context.Response.WriteAsync(body);
    });

    public void Answer(Func<HttpContext, Task> answer) => _answers.Enqueue(answer);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _posts.Enqueue(new Post(
            $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}",
            context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            Encoding.UTF8.GetString(body.ToArray())));
        context.Response.StatusCode = 202;
        if (_answers.TryDequeue(out var answer))
        {
            await answer(context);
        }
    }

    internal sealed record Post(string Target, IReadOnlyDictionary<string, string> Headers, string Body)
    {
        public JsonElement Json => JsonDocument.Parse(Body).RootElement;
    }
}
