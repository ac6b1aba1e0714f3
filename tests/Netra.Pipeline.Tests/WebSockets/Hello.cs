using Microsoft.AspNetCore.Builder;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>
/// An HTTP endpoint beside the pipeline's, and how to ask it on a connection that goes on afterwards: what comes
/// then meets the second door.
/// </summary>
internal static class Hello
{
    public static void Map(WebApplication app) => app.MapGet("/hello", static () => "hello");

    public static async Task GetAsync(RawPeer client)
    {
        await client.SendAsync("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.That((await client.ReadResponseAsync())?.Text, Is.EqualTo("hello"));
    }
}
