using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Netra.Pipeline.LogFigures;

/// <summary>Takes what servers export over OTLP, in this process, so that its CPU time is none of theirs.</summary>
internal sealed class TelemetrySink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, long> _bytes = new(StringComparer.Ordinal);

    private TelemetrySink(WebApplication app)
    {
        _app = app;
        app.MapPost("/v1/{signal}", TakeAsync);
    }

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<TelemetrySink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var sink = new TelemetrySink(builder.Build());
        await sink._app.StartAsync();
        return sink;
    }

    /// <summary>How many bytes of a signal have come, such as <c>metrics</c>. A measurement without any would say nothing.</summary>
    public long BytesOf(string signal)
        => _bytes.TryGetValue(signal, out var bytes) ? bytes : throw new InvalidOperationException($"The server exported no {signal}.");

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpRequest request, string signal)
    {
        await request.Body.CopyToAsync(Stream.Null);
        _bytes.AddOrUpdate(signal, request.ContentLength ?? 1, (_, before) => before + (request.ContentLength ?? 1));
    }
}
