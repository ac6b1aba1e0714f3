using System.Net;
using Netra.Pipeline.Tests.Infrastructure;
using static Netra.Pipeline.Tests.Infrastructure.PublishExtensions;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>
/// Whatever is published however often: a key's first accepted event is its only one, and all who ask for it get one receipt.
/// </summary>
[TestFixture(KindOfLog.Memory)]
[TestFixture(KindOfLog.Sqlite)]
[Parallelizable(ParallelScope.All)]
internal sealed class IdempotencyPropertyTests(KindOfLog log)
{
    private PipelineHost _host = null!;
    private HttpClient _http = null!;
    private PublishLines _lines = null!;
    private int _cases;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _host = await PipelineHost.StartAsync(log: log);
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

    [FsCheck.NUnit.Property(MaxTest = 60)]
    public async Task Publishes_OneAfterTheOther_AreAnsweredAsTheModelSays((byte Key, byte Content, bool AsLine)[] publishes)
    {
        var user = $"user{Interlocked.Increment(ref _cases)}";
        var model = new Dictionary<int, (int Content, string Receipt)>();
        var head = 0;
        foreach (var (drawnKey, drawnContent, asLine) in publishes)
        {
            var (key, content) = (drawnKey % 4, drawnContent % 3);
            var body = await PublishAsync(JsonOf(user, key, content), asLine);
            if (key != 0 && model.TryGetValue(key, out var first))
            {
                Assert.That(
                    first.Content == content ? body : JsonOf(body).Text("code"),
                    Is.EqualTo(first.Content == content ? first.Receipt : "idempotency_conflict"));
                continue;
            }

            Assert.That(JsonOf(body).Seq(), Is.EqualTo(++head));
            model[key] = (content, body);
        }
    }

    [FsCheck.NUnit.Property(MaxTest = 60)]
    public async Task Publishes_AllAtOnce_MakeOneEventOfEachKey((byte Key, byte Content)[] publishes)
    {
        var user = $"user{Interlocked.Increment(ref _cases)}";
        var answers = await Task.WhenAll(publishes.Select(async publish =>
        {
            var (key, content) = (1 + (publish.Key % 3), publish.Content % 3);
            return (Key: key, Content: content, Answer: await _http.PublishExactlyAsync(JsonOf(user, key, content)));
        }));

        foreach (var ofKey in answers.GroupBy(static a => a.Key))
        {
            var taken = ofKey.Where(static a => a.Answer.Status != HttpStatusCode.Conflict).ToList();
            Assert.That(taken.Count(static a => !a.Answer.IsReplay), Is.EqualTo(1));
            Assert.That(taken.Select(static a => (a.Content, a.Answer.Body)).Distinct().Count(), Is.EqualTo(1));
            Assert.That(ofKey.Where(a => a.Content == taken[0].Content).Count(), Is.EqualTo(taken.Count), "only other content conflicts");
        }

        var (_, account) = await _http.AskAsync($"/v1/ledger?user_id={user}");
        Assert.That(
            answers.Length == 0 ? 0 : account.GetProperty("accepted").GetInt64(),
            Is.EqualTo(answers.Select(static a => a.Key).Distinct().Count()));
    }

    private static string JsonOf(string user, int key, int content)
    {
        var json = TokenJson($"{content}", user);
        return key == 0 ? json : json.WithKey($"{user}-{key}");
    }

    private static System.Text.Json.JsonElement JsonOf(string body) => System.Text.Json.JsonElement.Parse(body);

    private async Task<string> PublishAsync(string json, bool asLine)
    {
        if (!asLine)
        {
            return (await _http.PublishExactlyAsync(json)).Body;
        }

        await _lines.SendAsync(json);
        return (await _lines.ReadAsync())!.Value.GetRawText();
    }
}
