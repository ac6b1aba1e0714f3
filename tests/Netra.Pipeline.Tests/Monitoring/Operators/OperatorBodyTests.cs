using System.Net;
using System.Text;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

/// <summary>
/// What operators send is taken as it must be, or refused with the member, its value and what is allowed (docs/protocol.md, section 11).
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class OperatorBodyTests
{
    private const string Prefix = "/monitoring/websocket";
    private const string Silences = "/silences";

    [TestCase("""{"comment":"x","duration_s":0}""", "duration_s is 0; it must be a number from 1 to 31536000.")]
    [TestCase("""{"comment":"x","duration_s":1e999}""", "duration_s is Infinity; it must be a number from 1 to 31536000.")]
    [TestCase("""{"comment":"x","duration_s":"60"}""", "duration_s is \"60\"; it must be a number.")]
    [TestCase("""{"comment":"","duration_s":60}""", "comment is \"\"; it must be a string of 1 to 1000 characters.")]
    [TestCase("""{"comment":7,"duration_s":60}""", "comment is 7; it must be a string.")]
    [TestCase("""{"comment":null,"duration_s":60}""", "comment is missing.")]
    [TestCase("{}", "comment is missing; duration_s is missing.")]
    [TestCase("""{"comment":"x","duration_s":60,"author":""}""", "author is \"\"; it must be a string of 1 to 128 characters.")]
    [TestCase("""{"comment":"x","duration_s":60,"labels":["a"]}""", "labels is [\"a\"]; it must be an object.")]
    [TestCase("""{"comment":"x","duration_s":60,"labels":{"a":null}}""", "labels.a is null; it must be a string.")]
    [TestCase("""{"comment":"x","duration":60}""", "duration is not known; there are rule, labels, comment, duration_s, author.")]
    [TestCase("""{"comment":"x","duration_s":60,"rule":"nothing"}""", "rule is 'nothing'; there is no such rule.")]
    [TestCase("[1]", "the body is [1]; it must be an object.")]
    [TestCase("null", "the body is null; it must be an object.")]
    public async Task Silence_NotAsItMustBe_SaysWhichMemberAndWhatIsAllowed(string body, string detail)
    {
        var answer = await SendAsync(HttpMethod.Post, Silences, body);

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Is.EqualTo(detail));
    }

    [TestCase("""{"comment":"x","comment":"y","duration_s":60}""", TestName = "a member twice")]
    [TestCase("""{"comment":"x","duration_s":60""", TestName = "cut off")]
    [TestCase("""{"comment":"\ud800","duration_s":60}""", TestName = "no Unicode")]
    [TestCase("""{"comment":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],"duration_s":60}""", TestName = "too deep")]
    public async Task Body_NotJson_SaysSo(string body)
    {
        var answer = await SendAsync(HttpMethod.Post, Silences, body);

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Does.StartWith("the body is not valid JSON: "));
    }

    [Test]
    public async Task Body_MoreFaultsThanAnybodyReads_NamesTheFirst()
    {
        var members = string.Join(',', Enumerable.Range(0, 1000).Select(static i => $"\"{new string('x', 1000)}{i}\":1"));

        var answer = await SendAsync(HttpMethod.Put, "/configuration", $"{{{members}}}");

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Does.EndWith("; and there is more.").And.Length.LessThan(5000));
    }

    [Test]
    public async Task Body_TooLong_SaysHowLongItMayBe()
    {
        var answer = await SendAsync(HttpMethod.Post, Silences, $$"""{"comment":"{{new string('x', 64 * 1024)}}","duration_s":60}""");

        answer.ShouldBe(HttpStatusCode.RequestEntityTooLarge, "bad_request");
        Assert.That(answer.Body.Text("detail"), Is.EqualTo("The body may have 65536 bytes."));
    }

    [TestCase("""{"steps":[{"level":"boss","delay_s":-1,"channels":[""]}],"acknowledge_timeout_s":60}""",
        "steps[0].level is \"boss\"; it must be one of operations, engineering, management, executive; "
        + "steps[0].delay_s is -1; it must be a number from 0 to 604800; steps[0].channels[0] is \"\"; "
        + "it must be a string of 1 to 100 characters.")]
    [TestCase(
        """{"steps":[null,{"levels":1}]}""",
        "steps[0] is null; it must be an object; steps[1].levels is not known; there are level, delay_s, channels.")]
    [TestCase("""{"steps":[{},{},{},{},{}],"acknowledge_timeout_s":60}""", "steps has 5 entries; it may have 4.")]
    [TestCase("""{"steps":[],"always_inform":[{"rule":"x","level":"Management"}],"acknowledge_timeout_s":60}""",
        "always_inform[0].level is \"Management\"; it must be one of operations, engineering, management, executive.")]
    public async Task Policy_NotAsItMustBe_SaysWhere(string body, string detail)
    {
        var answer = await SendAsync(HttpMethod.Put, "/escalation-policy", body);

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Is.EqualTo(detail));
    }

    [Test]
    public async Task Configuration_NotAsItMustBe_SaysWhere()
    {
        const string Body = """
            {"version":2,"rules":[{"name":"high_latency","for_s":-7},{"name":"nothing"}],
             "escalation_policy":{"steps":[],"acknowledge_timeout_s":0},"silences":[{"id":"a"}]}
            """;

        var answer = await SendAsync(HttpMethod.Put, "/configuration", Body);

        answer.ShouldBe(HttpStatusCode.BadRequest, "bad_request");
        Assert.That(answer.Body.Text("detail"), Is.EqualTo(
            "version must be 1; escalation_policy.acknowledge_timeout_s is 0; it must be a number from 1 to 604800; "
            + "rules[0].for_s is -7; it must be a number from 0 to 86400; rules[1].name is 'nothing'; there is no such rule; "
            + "silences[0].comment is missing; silences[0].author is missing; silences[0].created_at is missing; "
            + "silences[0].ends_at is missing."));
    }

    private static async Task<(HttpResponseMessage Response, JsonElement Body)> SendAsync(HttpMethod method, string path, string json)
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();
        using var request = new HttpRequestMessage(method, Prefix + path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        var response = await http.SendAsync(request);
        return (response, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }
}
