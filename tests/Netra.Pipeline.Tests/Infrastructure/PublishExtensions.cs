using System.Net;
using System.Text;
using System.Text.Json;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>Events over HTTP.</summary>
internal static class PublishExtensions
{
    /// <summary>A publisher's client of a host. Every answer must be as the OpenAPI document describes it.</summary>
    public static HttpClient CreateClient(this PipelineHost host)
        => new(new DescribedAnswersHandler()) { BaseAddress = host.HttpAddress, Timeout = TestClient.Patience };

    /// <summary>The JSON of an event of ada's run r1.</summary>
    public static string EventJson(string type, string data, string userId = "ada", string runId = "r1")
        => $$"""{"user_id":"{{userId}}","thread_id":"t1","run_id":"{{runId}}","type":"{{type}}","data":{{data}}}""";

    public static string TokenJson(string delta = "x", string userId = "ada", string runId = "r1")
        => EventJson("token", $$"""{"delta":{{JsonSerializer.Serialize(delta)}}}""", userId, runId);

    /// <summary>Publishes one event.</summary>
    public static Task<(HttpResponseMessage Response, JsonElement Body)> PublishAsync(this HttpClient http, string json)
        => http.PublishAsync(Encoding.UTF8.GetBytes(json));

    public static async Task<(HttpResponseMessage Response, JsonElement Body)> PublishAsync(
        this HttpClient http,
        ReadOnlyMemory<byte> json,
        string contentType = "application/json",
        Action<HttpRequestMessage>? configure = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/events") { Content = new ReadOnlyMemoryContent(json) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        configure?.Invoke(request);
        var response = await http.SendAsync(request);
        return (response, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    /// <summary>Publishes one event, and takes its answer to the byte.</summary>
    public static async Task<ExactAnswer> PublishExactlyAsync(
        this HttpClient http, string json, CancellationToken cancellationToken = default)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await http.PostAsync("/v1/events", content, cancellationToken);
        var isReplay = response.Headers.TryGetValues("Idempotency-Replayed", out var values) && values.Single() == "true";
        return new ExactAnswer(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken), isReplay);
    }

    /// <summary>The event under an idempotency key.</summary>
    public static string WithKey(this string json, string key)
        => $$"""{{json[..^1]}},"idempotency_key":{{JsonSerializer.Serialize(key)}}}""";

    /// <summary>Asks what operators ask.</summary>
    public static async Task<(HttpResponseMessage Response, JsonElement Body)> AskAsync(
        this HttpClient http, string path, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        return (response, body.Length == 0 ? default : JsonElement.Parse(body));
    }

    public static string? Text(this JsonElement json, string member)
        => json.TryGetProperty(member, out var value) ? value.GetString() : null;

    public static long Seq(this JsonElement receipt) => receipt.GetProperty("seq").GetInt64();

    /// <summary>Asserts that an answer is a problem document of its status and code.</summary>
    public static void ShouldBe(this (HttpResponseMessage Response, JsonElement Body) answer, HttpStatusCode status, string code)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Body.Text("code"), Is.EqualTo(code), answer.Body.ToString());
            Assert.That(answer.Response.StatusCode, Is.EqualTo(status), answer.Body.ToString());
            Assert.That(answer.Response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(answer.Body.GetProperty("status").GetInt32(), Is.EqualTo((int)status));
            Assert.That(answer.Body.Text("title"), Is.Not.Empty);
            Assert.That(answer.Body.Text("type"), Is.EqualTo("about:blank"));
            Assert.That(answer.Body.Text("detail"), Is.Not.Empty);
            Assert.That(answer.Response.Headers.RetryAfter, status == HttpStatusCode.ServiceUnavailable ? Is.Not.Null : Is.Null);
        }
    }
}
