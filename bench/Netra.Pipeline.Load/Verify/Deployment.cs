using System.Net.Http.Headers;
using System.Text.Json;

namespace Netra.Pipeline.Load.Verify;

/// <summary>
/// The deployment that is tried, as publishers, operators and pages reach it. Users and threads are named after the run, so that runs do
/// not meet. One call at a time, but for <see cref="PostAsync"/>.
/// </summary>
internal sealed class Deployment : IDisposable
{
    private readonly VerifyOptions _options;
    private readonly HttpClient _client;
    private readonly Dictionary<string, long> _published = new(StringComparer.Ordinal);

    public Deployment(VerifyOptions options)
    {
        _options = options;
        RunName = $"verify-{Guid.NewGuid():N}"[..20];
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
        {
            BaseAddress = options.Url,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.Token is { } token)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Names this run.</summary>
    public string RunName { get; }

    /// <summary>How many events this run has published, by user.</summary>
    public IReadOnlyDictionary<string, long> Published => _published;

    /// <summary>Opens a page of the run's user, from now on.</summary>
    public Task<Page> OpenPageAsync(CancellationToken cancellationToken)
        => Page.OpenAsync(SocketAddress(RunName), _options.UserToken, resume: null, cancellationToken);

    /// <summary>Opens a page of another user, from now on.</summary>
    public Task<Page> OpenOtherPageAsync(CancellationToken cancellationToken)
        => Page.OpenAsync(SocketAddress($"{RunName}-other"), _options.OtherUserToken, resume: null, cancellationToken);

    /// <summary>Opens the page of the run's user again, after it was dropped.</summary>
    public Task<Page> ReopenAsync(Page dropped, CancellationToken cancellationToken)
        => Page.OpenAsync(SocketAddress(RunName), _options.UserToken, dropped, cancellationToken);

    /// <summary>Publishes one event.</summary>
    public async Task<Receipt> PublishAsync(string userId, string runId, string type, string data, CancellationToken cancellationToken)
    {
        var user = JsonSerializer.Serialize(userId);
        var body = $$"""{"user_id":{{user}},"thread_id":"{{RunName}}","run_id":"{{runId}}","type":"{{type}}","data":{{data}}}""";
        var answer = await PostAsync("/v1/events", body, cancellationToken);
        _published[userId] = _published.GetValueOrDefault(userId) + 1;
        return new Receipt(answer.GetProperty("id").GetString()!, answer.GetProperty("seq").GetInt64(), type);
    }

    /// <summary>What is answered to a GET.</summary>
    /// <exception cref="CheckFailedException">It is not answered with success.</exception>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        return await ReadAsync($"GET {path}", response, cancellationToken);
    }

    /// <summary>What is answered to a POST of JSON, or of nothing.</summary>
    /// <exception cref="CheckFailedException">It is not answered with success.</exception>
    public async Task<JsonElement> PostAsync(string path, string? body, CancellationToken cancellationToken)
    {
        using var content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        return await ReadAsync($"POST {path}", response, cancellationToken);
    }

    public void Dispose() => _client.Dispose();

    private static async Task<JsonElement> ReadAsync(string request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new CheckFailedException(
                $"{request} was answered with {(int)response.StatusCode} {(text.Length > 300 ? text[..300] : text)}".TrimEnd());
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw new CheckFailedException(
                $"{request} was answered with {(int)response.StatusCode}, but not with JSON: {exception.Message}", exception);
        }
    }

    // Outside Development the token says who it is, and the name is ignored.
    private Uri SocketAddress(string userId)
        => new UriBuilder(_options.Url)
        {
            Scheme = _options.Url.Scheme == Uri.UriSchemeHttps ? "wss" : "ws",
            Path = "/ws",
            Query = $"user_id={userId}",
        }.Uri;
}
