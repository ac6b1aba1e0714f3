using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Commands;

/// <summary>A backend that reads <c>GET /v1/commands</c>.</summary>
internal sealed class CommandReaderClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private CommandReaderClient(HttpClient http, HttpResponseMessage response, Stream body)
        => (_http, _response, _lines) = (http, response, new StreamReader(body));

    public static async Task<CommandReaderClient> OpenAsync(int port, string query = "")
    {
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TestClient.Patience };
        var response = await http.GetAsync("/v1/commands" + query, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new CommandReaderClient(http, response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next command, past empty lines; null at the proper end.</summary>
    public async Task<string?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        while (await _lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length > 0)
            {
                return line;
            }
        }

        return null;
    }

    public async Task<JsonElement> ReadCommandAsync()
        => JsonElement.Parse(await ReadAsync() ?? throw new AssertionException("It has ended."));

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
        _http.Dispose();
    }
}
