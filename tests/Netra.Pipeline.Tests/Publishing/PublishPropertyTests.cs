using System.Net;
using System.Text;
using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Protocol;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>Whatever is sent is answered as documented, and whatever is answered with a receipt arrives as it was sent.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class PublishPropertyTests
{
    private static readonly HashSet<(HttpStatusCode, string)> Refusals =
    [
        (HttpStatusCode.BadRequest, "invalid_event"),
        (HttpStatusCode.BadRequest, "context_missing"),
        (HttpStatusCode.BadRequest, "context_invalid"),
        (HttpStatusCode.Conflict, "run_ended"),
        (HttpStatusCode.RequestEntityTooLarge, "event_too_large"),
    ];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private PipelineHost _host = null!;
    private HttpClient _http = null!;
    private PublishLines _lines = null!;
    private int _runs;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await PipelineHost.StartAsync();
        _http = _host.CreateClient();
        _lines = await PublishLines.OpenAsync(_host);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _lines.DisposeAsync();
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [FsCheck.NUnit.Property(MaxTest = 200)]
    public Task Event_AnyBytes_AreAnsweredAsDocumented(byte[] bytes) => PublishOneAsync(bytes);

    [FsCheck.NUnit.Property(MaxTest = 200)]
    public Task Event_Valid_ArrivesAsItWasSent(byte type, string name, string text, DoNotSize<long> number)
        => PublishOneAsync(EventOf(type, name, text, number.Item), mustBeTaken: true);

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public Task Event_NearlyRight_IsAnsweredAsDocumentedAndArrivesAsItWasSent(
        byte type, string name, string text, long number, DoNotSize<int> seed)
        => PublishOneAsync(Arbitrary.Mutated(EventOf(type, name, text, number), seed));

    [FsCheck.NUnit.Property(MaxTest = 500)]
    public async Task Lines_NearlyRight_AreAnsweredOneByOne(byte type, string name, string text, long number, DoNotSize<int> seed)
    {
        var bytes = Arbitrary.Mutated(EventOf(type, name, text, number), seed);
        var lines = Encoding.Latin1.GetString(bytes).Split('\n').Count(static line => line.Trim(' ', '\t', '\r').Length > 0);
        await _lines.SendAsync((ReadOnlyMemory<byte>)(byte[])[.. bytes, (byte)'\n']);
        foreach (var answer in await _lines.ReadAsync(lines))
        {
            Assert.That(
                answer.Text("status"),
                Is.EqualTo("stored").Or.EqualTo("queued").Or.EqualTo(
                    Refusals.Any(r => r.Item2 == answer.Text("code")) ? "rejected" : "(a documented code)"));
        }
    }

    private async Task PublishOneAsync(byte[] sent, bool mustBeTaken = false)
    {
        var (response, answer) = await _http.PublishAsync(sent);
        if (!mustBeTaken && !response.IsSuccessStatusCode)
        {
            Assert.That(Refusals, Does.Contain((response.StatusCode, answer.Text("code")!)));
            return;
        }

        // Created, when the server has not noticed yet that the last page is gone.
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted).Or.EqualTo(HttpStatusCode.Created), answer.ToString());
        var seq = answer.Seq();
        var request = JsonElement.Parse(sent);
        await using var page = await TestClient.ConnectAsync(
            _host.SocketAddress(request.Text("user_id")!, $"&seq={seq - 1}&epoch={_host.Streams.Epoch}"));
        var arrived = await page.ReadAsync<EventMessage>();
        Assert.That(
            (arrived.Id, arrived.ThreadId, arrived.RunId),
            Is.EqualTo((answer.Text("id"), request.Text("thread_id"), request.Text("run_id") ?? string.Empty)));
        Assert.That(EventTypes.WireName(arrived.EventType!.Value), Is.EqualTo(request.Text("type")));

        // What the server adds stands in front.
        var expected = request.GetProperty("data").EnumerateObject().ToList();
        var actual = arrived.Data.EnumerateObject().ToList();
        Assert.That(actual.SkipLast(expected.Count).Select(static m => m.Name), Is.SubsetOf(new[] { "metadata", "timestamp" }));
        foreach (var (one, other) in expected.Zip(actual.TakeLast(expected.Count)))
        {
            Assert.That(other.Name, Is.EqualTo(one.Name));
            Assert.That(JsonElement.DeepEquals(one.Value, other.Value), Is.True, $"{one} became {other}");
        }
    }

    // A run of its own, since some end it; and some of everything inside.
    private byte[] EventOf(byte type, string? name, string? text, long number)
    {
        var any = Arbitrary.Data(name, text, number);
        var some = "n" + Arbitrary.Text(text);
        var (wireName, data) = (object)(type % 6) switch
        {
            0 => ("token", (object)new { delta = Arbitrary.Text(text), any }),
            1 => ("custom", new { name = some, value = any }),
            2 => ("agent_started", new { agent_name = some, metadata = any, parent_run_id = (string?)null }),
            3 => (
                "tool_completed",
                new
                {
                    tool_name = some,
                    result = any,
                    status = "failed",
                    error = new { code = some, message = some },
                    duration_ms = Math.Abs((double)number),
                }),
            4 => ("agent_failed", new { agent_name = some, error = new { code = "c", message = some, any } }),
            _ => ("agent_thinking", new { thought = Arbitrary.Text(text), timestamp = number }),
        };
        return JsonSerializer.SerializeToUtf8Bytes(
            new { user_id = "ada", thread_id = "t1", run_id = $"r{Interlocked.Increment(ref _runs)}", type = wireName, data },
            number % 2 == 0 ? Indented : JsonSerializerOptions.Default);
    }
}
