using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>One host with a listener for each door, and raw requests to them.</summary>
internal sealed class BothDoors : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Client, bool IsSecure, string Host, bool IsLoopback)> _asked;

    private BothDoors(PipelineHost host, ConcurrentQueue<(string Client, bool IsSecure, string Host, bool IsLoopback)> asked)
        => (Host, _asked) = (host, asked);

    public PipelineHost Host { get; }

    /// <summary>The ports: of the fast door, and of the second door alone.</summary>
    public IReadOnlyList<int> Ports => [.. Addresses.Select(static address => new Uri(address).Port)];

    private ICollection<string> Addresses
        => Host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    public static async Task<BothDoors> OpenAsync(
        IEnumerable<(string Key, string Value)>? settings = null,
        string environment = "Development",
        Action<ListenOptions>? before = null,
        Action<WebApplication>? map = null,
        Action<NetraPipelineBuilder>? configure = null)
    {
        var asked = new ConcurrentQueue<(string Client, bool IsSecure, string Host, bool IsLoopback)>();
        var authenticator = new ScriptedAuthenticator((request, _) =>
        {
            var client = ((IPEndPoint)request.RemoteEndPoint!).Address.ToString();
            asked.Enqueue((client, request.IsSecure, request.Headers.Host.ToString(), request.IsLoopback));
            return Task.FromResult(AuthenticationResult.Admit(request.Query["user_id"].ToString()));
        });
        var host = await PipelineHost.StartAsync(
            pipeline =>
            {
                configure?.Invoke(pipeline);
                if (environment != "Development")
                {
                    pipeline.Services.AddSingleton<IConnectionAuthenticator>(authenticator);
                }
            },
            settings,
            kestrel: kestrel =>
            {
                kestrel.Listen(IPAddress.Loopback, 0, listener =>
                {
                    listener.Protocols = HttpProtocols.Http1;
                    before?.Invoke(listener);
                    listener.UseNetraPipeline();
                });
                kestrel.Listen(IPAddress.Loopback, 0, listener =>
                {
                    listener.Protocols = HttpProtocols.Http1;
                    before?.Invoke(listener);
                });
            },
            map: map,
            environment: environment);
        return new BothDoors(host, asked);
    }

    /// <summary>A WebSocket's handshake of ada.</summary>
    /// <param name="host">The host that it names.</param>
    /// <param name="fields">Further lines of its head, each with its end.</param>
    /// <param name="path">Its path.</param>
    public static string Handshake(string host = "127.0.0.1", string fields = "", string path = "/ws?user_id=ada")
        => $"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: {RawPeer.Key}\r\n{fields}\r\n";

    /// <summary>A request without a body.</summary>
    /// <inheritdoc cref="Handshake"/>
    public static string Request(string method, string path, string host = "127.0.0.1", string fields = "")
        => $"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}{(method == "POST" ? "Content-Length: 0\r\n" : "")}\r\n";

    /// <summary>Sends a request over a connection of its own, and reads the head of its answer, or all of it where it is short.</summary>
    public static async Task<RawResponse?> AskAsync(int port, string request)
    {
        await using var peer = await RawPeer.ConnectAsync(port);
        await peer.SendAsync(request);
        return await peer.ReadResponseAsync().WaitAsync(TestClient.Patience);
    }

    /// <summary>What the authenticator, outside Development, was asked next.</summary>
    public (string Client, bool IsSecure, string Host, bool IsLoopback) TakeAsked()
        => _asked.TryDequeue(out var asked) ? asked : throw new AssertionException("It was not asked.");

    /// <summary>Sends the same request to both doors.</summary>
    public async Task<RawResponse[]> AskBothAsync(string request)
        => [.. (await Task.WhenAll(Ports.Select(port => AskAsync(port, request)))).OfType<RawResponse>()];

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
