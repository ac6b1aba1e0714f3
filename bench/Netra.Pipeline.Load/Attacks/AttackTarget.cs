using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>The deployment under attack: connections whose every byte the attacker says. Safe to use from any thread.</summary>
/// <param name="target">Where it is, and who may come.</param>
internal sealed class AttackTarget(LoadTarget target) : IDisposable
{
    /// <summary>The fields of a handshake.</summary>
    public const string Upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    // The last user is who keeps to the protocol, if others are known.
    private readonly IReadOnlyList<LoadUser> _attackers = target.Users.Count > 1 ? [.. target.Users.SkipLast(1)] : target.Users;
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = ServerTrust.Options(target.Url.Host, target.IsInsecure),
    });

    private int _next;

    /// <summary>Names this run's users.</summary>
    public string RunName => target.RunName;

    /// <summary>Who keeps to the protocol.</summary>
    public string Bystander => target.Users.Count > 0 ? target.Users[^1].Id : $"{target.RunName}-bystander";

    public Uri Url => target.Url;

    /// <summary>The header fields of a publisher.</summary>
    public string PublisherFields => target.Token is { } token ? $"Authorization: Bearer {token}\r\n" : string.Empty;


    /// <summary>The id of a user: one of those whose credentials are known, if some are.</summary>
    public string UserOf(int user) => _attackers.Count == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{target.RunName}-{user}")
        : _attackers[user % _attackers.Count].Id;

    /// <summary>The credential of a page: the user's, or a ticket that the publisher's key gets; null in Development.</summary>
    public async Task<string?> CredentialOfAsync(string userId, CancellationToken cancellationToken)
    {
        if (target.Users.FirstOrDefault(user => user.Id == userId) is { } known)
        {
            return known.Token;
        }

        if (target.Token is not { } token)
        {
            return null;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "/v1/tickets"))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
            Content = new StringContent($$"""{"user_id":"{{userId}}"}""", Encoding.UTF8, "application/json"),
        };
        using var response = await _http.SendAsync(request, cancellationToken);
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new LoadFailedException($"the key of --token gets no tickets for pages: {(int)response.StatusCode} {answer}");
        }

        using var json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("ticket").GetString();
    }

    /// <summary>The header fields of a user's page, for one handshake.</summary>
    public async Task<string> FieldsOfAsync(int user, CancellationToken cancellationToken)
        => await CredentialOfAsync(UserOf(user), cancellationToken) is { } credential
            ? $"Authorization: Bearer {credential}\r\n"
            : string.Empty;

    public void Dispose() => _http.Dispose();

    /// <summary>Opens a transport.</summary>
    public async Task<AttackConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var source = new ClientAddress(target.Url, "/") { Index = Interlocked.Increment(ref _next) % 20_000 }.Source;
        var family = source?.AddressFamily ?? AddressFamily.InterNetwork;
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (source is not null)
            {
                socket.Bind(source);
            }

            await socket.ConnectAsync(new DnsEndPoint(target.Url.Host, target.Url.Port), cancellationToken);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (target.Url.Scheme == Uri.UriSchemeHttps)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsClientAsync(ServerTrust.Options(target.Url.Host, target.IsInsecure), cancellationToken);
                stream = tls;
            }

            return new AttackConnection(socket, stream);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Opens a WebSocket.</summary>
    /// <param name="user">Whose page it says to be.</param>
    /// <param name="more">More of the query, from the ampersand on.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="HandshakeRefusedException">It is refused.</exception>
    public async Task<AttackConnection> OpenAsync(int user, string more, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        try
        {
            var fields = await FieldsOfAsync(user, cancellationToken);
            await connection.SendAsync(Handshake(user, more, fields), cancellationToken);
            var status = await connection.ReadStatusAsync(cancellationToken);
            return status == 101 ? connection : throw new HandshakeRefusedException($"a page is refused with {status}");
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>A handshake that is right, but for further fields, and without a credential.</summary>
    /// <param name="user">Whose page it says to be.</param>
    /// <param name="more">More of the query, from the ampersand on.</param>
    /// <param name="fields">Further fields, each ending a line.</param>
    /// <param name="host">The host that it names; null for the deployment's.</param>
    public string Handshake(int user, string more = "", string fields = "", string? host = null)
        => $"GET /ws?user_id={UserOf(user)}{more} HTTP/1.1\r\nHost: {host ?? Url.Authority}\r\n{Upgrade}{fields}\r\n";

    /// <summary>The head of a request to publish.</summary>
    /// <param name="type">Its media type.</param>
    /// <param name="fields">Further fields, each ending a line.</param>
    /// <param name="host">The host that it names; null for the deployment's.</param>
    public string PublishHead(string type, string fields, string? host = null)
        => $"POST /v1/events HTTP/1.1\r\nHost: {host ?? Url.Authority}\r\nContent-Type: {type}\r\n{PublisherFields}{fields}\r\n";

    /// <summary>An event, as JSON.</summary>
    public static string Event(string userId, string runId, string type, string data, string threadId = "t")
        => $$"""{"user_id":"{{userId}}","thread_id":"{{threadId}}","run_id":"{{runId}}","type":"{{type}}","data":{{data}}}""";

    /// <summary>A single event.</summary>
    public string PublishOne(string json, string fields = "", string? host = null)
        => PublishHead("application/json", $"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n{fields}", host) + json;

    /// <summary>Asks once, and closes.</summary>
    /// <returns>The status; 0 where the server closes without one.</returns>
    public async Task<int> AskAsync(string request, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await connection.TrySendAsync(Encoding.UTF8.GetBytes(request), cancellationToken);
        return await connection.ReadStatusAsync(cancellationToken);
    }
}
