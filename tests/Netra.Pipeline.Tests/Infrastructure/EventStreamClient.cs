using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A page's event stream, by the rules of the HTML standard, section 9.2.6. It reads only when asked to, so that a
/// test decides when a page stops reading.
/// </summary>
internal sealed class EventStreamClient : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;
    private readonly string _user;

    private EventStreamClient(HttpClient http, HttpResponseMessage response, Stream body, string user)
        => (_http, _response, _reader, _user) = (http, response, new StreamReader(body, Encoding.UTF8), user);

    public HttpResponseMessage Response => _response;

    public WelcomeMessage Welcome { get; private set; } = null!;

    /// <summary>The first block, which the welcome came in.</summary>
    public StreamBlock First { get; private set; } = null!;

    /// <summary>What a browser would send back.</summary>
    public string? LastEventId { get; private set; }

    /// <summary>Opens a stream and reads its welcome.</summary>
    /// <param name="host">The server.</param>
    /// <param name="userId">Who opens it.</param>
    /// <param name="more">More of the query, from the ampersand on.</param>
    /// <param name="lastEventId">The header of that name; null leaves it out.</param>
    /// <param name="version">The version of HTTP; 1.1 when null.</param>
    /// <param name="receiveBuffer">The kernel's receive buffer; small for a page that soon takes no more.</param>
    public static async Task<EventStreamClient> OpenAsync(
        PipelineHost host, string userId, string more = "", string? lastEventId = null, Version? version = null, int? receiveBuffer = null)
    {
        var http = CreateHttp(host, receiveBuffer);
        using var request = Request(userId, more, lastEventId, version);
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        Assert.That(
            response.StatusCode,
            Is.EqualTo(HttpStatusCode.OK),
            response.IsSuccessStatusCode ? null : await response.Content.ReadAsStringAsync());
        var client = new EventStreamClient(
            http, response, await response.Content.ReadAsStreamAsync(), $"?user_id={Uri.EscapeDataString(userId)}");
        client.First = await client.ReadBlockAsync() ?? throw new AssertionException("The stream ended before its welcome.");
        client.Welcome = (WelcomeMessage)ServerMessageReader.Read(Encoding.UTF8.GetBytes(client.First.Data!));
        return client;
    }

    /// <summary>Asks for a stream and expects a refusal.</summary>
    public static async Task<(HttpResponseMessage Response, JsonElement Body)> RefusedAsync(
        PipelineHost host, string userId, string more = "", string? lastEventId = null, Action<HttpRequestMessage>? configure = null)
    {
        using var http = CreateHttp(host, receiveBuffer: null);
        using var request = Request(userId, more, lastEventId, version: null);
        configure?.Invoke(request);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.That(response.StatusCode, Is.Not.EqualTo(HttpStatusCode.OK));
        return (response, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    /// <summary>The next block; null at the end of the stream.</summary>
    public async Task<StreamBlock?> ReadBlockAsync()
    {
        var (id, type, data, retry, isEmpty) = ((string?)null, (string?)null, (string?)null, (string?)null, true);
        while (await ReadLineAsync() is { } line)
        {
            if (line.Length == 0 && !isEmpty)
            {
                LastEventId = id ?? LastEventId;
                return new StreamBlock(id, type, data, retry);
            }

            isEmpty = false;
            var colon = line.IndexOf(':');
            var value = line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            switch (colon < 0 ? line : line[..colon])
            {
                case "id":
                    id = value;
                    break;
                case "event":
                    type = value;
                    break;
                case "data":
                    data = data is null ? value : data + "\n" + value;
                    break;
                case "retry":
                    retry = value;
                    break;
            }
        }

        return null;
    }

    /// <summary>The next message of any kind; comments are passed over.</summary>
    public async Task<ServerMessage> ReadAsync()
    {
        while (true)
        {
            var block = await ReadBlockAsync() ?? throw new AssertionException("The stream has ended.");
            if (!block.IsComment)
            {
                Assert.That(block.Event, Is.Null, block.Data);
                return ServerMessageReader.Read(Encoding.UTF8.GetBytes(block.Data!));
            }
        }
    }

    /// <summary>The next message of one kind; others are passed over.</summary>
    public async Task<T> ReadAsync<T>()
        where T : ServerMessage
    {
        while (true)
        {
            if (await ReadAsync() is T message)
            {
                return message;
            }
        }
    }

    /// <summary>The next events, other messages being passed over.</summary>
    public async Task<List<EventMessage>> ReadEventsAsync(int count)
    {
        var events = new List<EventMessage>(count);
        while (events.Count < count)
        {
            events.Add(await ReadAsync<EventMessage>());
        }

        return events;
    }

    /// <summary>Reads up to the next comment.</summary>
    public async Task ReadCommentAsync()
    {
        while (await ReadBlockAsync() is not { IsComment: true })
        {
        }
    }

    /// <summary>Reads to the stream's last event, and to its end; fails when there was none.</summary>
    public async Task<(string? Reason, bool Reconnect)> ReadEndAsync()
    {
        StreamBlock? last = null;
        while (await ReadBlockAsync() is { } block)
        {
            last = block;
        }

        Assert.That(last?.Event, Is.EqualTo("end"), last?.Data);
        var end = JsonElement.Parse(last!.Data!);
        return (end.Text("reason"), end.GetProperty("reconnect").GetBoolean());
    }

    public Task AckAsync(long seq) => TellAsync("ack", $$"""{"seq":{{seq}}}""");

    public Task PongAsync(PingMessage ping, long? seq)
        => TellAsync("messages", Encoding.UTF8.GetString(ClientMessageWriter.Pong(new PongMessage(seq, ping.Ts))));

    /// <summary>Posts a message, which must be taken.</summary>
    public async Task TellAsync(string route, string json)
    {
        var (response, body) = await PostAsync(route, json);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), body.ToString());
    }

    /// <summary>Posts whatever a test wants, to whatever connection.</summary>
    public async Task<(HttpResponseMessage Response, JsonElement Body)> PostAsync(
        string route, string json, string? connectionId = null, string? query = null, string contentType = "application/json")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/v1/stream/{connectionId ?? Welcome.ConnectionId}/{route}{query ?? _user}")
        {
            Content = content,
            Version = _response.Version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var response = await _http.SendAsync(request, patience.Token);
        var body = await response.Content.ReadAsByteArrayAsync();
        return (response, body.Length > 0 ? JsonElement.Parse(body) : default);
    }

    /// <summary>Goes away, as a closed tab does.</summary>
    public ValueTask DisposeAsync()
    {
        _response.Dispose();
        _reader.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static HttpClient CreateHttp(PipelineHost host, int? receiveBuffer) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (receiveBuffer is { } bytes)
            {
                socket.ReceiveBufferSize = bytes;
            }

            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = host.HttpAddress,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static HttpRequestMessage Request(string userId, string more, string? lastEventId, Version? version)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/stream?user_id={Uri.EscapeDataString(userId)}{more}")
        {
            Version = version ?? HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        return request;
    }

    private async Task<string?> ReadLineAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        try
        {
            return await _reader.ReadLineAsync(patience.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new AssertionException($"Nothing came within {TestClient.Patience}.", exception);
        }
        catch (IOException)
        {
            // Cut, without an end.
            return null;
        }
    }
}
