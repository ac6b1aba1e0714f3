using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Security;

/// <summary>Requests with credentials, to a host outside of Development.</summary>
internal static class SecureClient
{
    public static Task<PipelineHost> StartAsync(
        IEnumerable<(string Key, string Value)> settings, TimeProvider? time = null, KindOfLog log = KindOfLog.Memory)
        => PipelineHost.StartAsync(settings: settings, time: time, log: log, environment: "Production");

    public static Task<TestClient> ConnectAsync(this PipelineHost host, string token, string more = "")
        => TestClient.ConnectAsync(
            new Uri($"ws://127.0.0.1:{host.Port}/ws?{more}"), options => options.SetRequestHeader("Authorization", $"Bearer {token}"));

    public static async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseMessage Response)> SendAsync(
        this PipelineHost host, HttpMethod method, string path, string? credential, string? json = null)
    {
        using var http = new HttpClient { BaseAddress = host.HttpAddress };
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = credential is null ? null : new AuthenticationHeaderValue("Bearer", credential);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        var response = await http.SendAsync(request);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        return (response.StatusCode, bytes.Length > 0 ? JsonElement.Parse(bytes) : default, response);
    }

    /// <summary>Publishes one event.</summary>
    public static async Task<HttpStatusCode> PublishAsync(this PipelineHost host, string? credential, string user)
        => (await host.SendAsync(HttpMethod.Post, "/v1/events", credential, EventOf(user))).Status;

    public static string EventOf(string user, string run = "r1")
        => $$$"""{"user_id":"{{{user}}}","thread_id":"t1","run_id":"{{{run}}}","type":"token","data":{"delta":"x"}}""";

    /// <summary>Makes a key in the host's store.</summary>
    public static async Task<string> MakeKeyAsync(
        this PipelineHost host, string admin, string name, string scopes, string users = "*", string? tenant = null)
    {
        var (status, body, _) = await host.SendAsync(
            HttpMethod.Post,
            "/v1/keys",
            admin,
            JsonSerializer.Serialize(new { name, scopes = scopes.Split(' '), users, tenant_id = tenant }));
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created), body.ToString());
        return body.GetProperty("key").GetString()!;
    }
}
