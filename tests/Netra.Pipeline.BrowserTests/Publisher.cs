using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Netra.Pipeline.BrowserTests;

/// <summary>A backend in another process, as the server sees it: publishes the events of one thread of a user.</summary>
/// <param name="server">Where the server is.</param>
/// <param name="userId">Whose events it publishes.</param>
/// <param name="key">The API key, which it needs outside of Development.</param>
/// <param name="threadId">Which thread it publishes to.</param>
internal sealed class Publisher(Uri server, string userId, string? key = null, string threadId = "t1") : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = server,
        DefaultRequestHeaders = { Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key) },
    };

    public void Dispose() => _http.Dispose();

    /// <summary>One event as a line or a body; <paramref name="data"/> is JSON.</summary>
    public string Event(string type, string data, string runId = "r1", int? attempt = null, string? tenantId = null)
    {
        var tenant = tenantId is null ? "" : $"\"tenant_id\":\"{tenantId}\",";
        var which = attempt is null ? "" : $"\"attempt\":{attempt},";
        var run = $"{tenant}\"user_id\":\"{userId}\",\"thread_id\":\"{threadId}\",\"run_id\":\"{runId}\",{which}";
        return $$"""{{{run}}"type":"{{type}}","data":{{data}}}""";
    }

    /// <summary>Publishes one event and returns the status of the answer.</summary>
    public async Task<HttpStatusCode> PublishAsync(
        string type, string data, string runId = "r1", int? attempt = null, string? tenantId = null)
    {
        using var content = new StringContent(Event(type, data, runId, attempt, tenantId), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        return response.StatusCode;
    }

    /// <summary>Publishes many events in one request, and fails when one of them is refused.</summary>
    public async Task PublishAllAsync(IEnumerable<string> events)
    {
        using var content = new StringContent(string.Join('\n', events), Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var response = await _http.PostAsync(new Uri("/v1/events", UriKind.Relative), content);
        var receipts = await response.Content.ReadAsStringAsync();
        Assert.That(receipts.Split('\n').Where(static line => line.Contains("rejected", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>Reads what pages ask of this publisher's runs.</summary>
    public async Task<CommandLines> ReadCommandsAsync()
    {
        var response = await _http.GetAsync(new Uri("/v1/commands", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        return new CommandLines(response.EnsureSuccessStatusCode());
    }

    /// <summary>Says that a command is taken.</summary>
    public async Task TakeAsync(string commandId)
    {
        using var content = new StringContent($$"""{"command_ack":"{{commandId}}"}""", Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri("/v1/commands/ack", UriKind.Relative), content);
        response.EnsureSuccessStatusCode();
    }
}
