using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>A dashboard's feed as a program reads it, block by block.</summary>
internal sealed class FeedReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private FeedReader(HttpResponseMessage response, Stream body) => (_response, _reader) = (response, new StreamReader(body));

    public static async Task<FeedReader> OpenAsync(HttpClient http, string dashboard = "websocket_operations", string query = "")
    {
        var response = await http.GetAsync(
            new Uri($"/monitoring/websocket/dashboard/{dashboard}/feed{query}", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/event-stream"));
        var feed = new FeedReader(response, await response.Content.ReadAsStreamAsync());
        Assert.That(await feed.ReadBlockAsync(), Does.StartWith("retry: "));
        return feed;
    }

    /// <summary>The lines until the next empty one; null at the end.</summary>
    public async Task<string?> ReadBlockAsync()
    {
        var lines = new List<string>();
        while (await _reader.ReadLineAsync().WaitAsync(TestClient.Patience, TimeProvider.System) is { } line)
        {
            if (line.Length == 0)
            {
                return string.Join('\n', lines);
            }

            lines.Add(line);
        }

        return null;
    }

    /// <summary>The next state, and its number.</summary>
    public async Task<(long Number, JsonElement State)> ReadStateAsync()
    {
        while (await ReadBlockAsync() is { } block)
        {
            if (block.Split('\n') is [var id, "event: state", var data])
            {
                return (long.Parse(id["id: ".Length..]), JsonElement.Parse(data["data: ".Length..]));
            }
        }

        throw new AssertionException("The feed ended before its next state.");
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}
