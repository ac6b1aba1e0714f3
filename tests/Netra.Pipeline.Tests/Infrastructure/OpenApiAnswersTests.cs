using System.Net;
using System.Text;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>The comparison of answers with the OpenAPI document does see what is wrong with them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class OpenApiAnswersTests
{
    [TestCase("/livez", HttpStatusCode.OK, """{"status":"alive"}""", null)]
    [TestCase("/of_the_host", HttpStatusCode.OK, "null", null)]
    [TestCase("/livez", HttpStatusCode.OK, """{"status":"alive","more":1}""", "is not as openapi.json describes it")]
    [TestCase("/livez", HttpStatusCode.OK, "{}", "is not as openapi.json describes it")]
    [TestCase("/v1/ledger", HttpStatusCode.OK, """{"accepted":"many"}""", "is not as openapi.json describes it")]
    [TestCase("/livez", HttpStatusCode.Accepted, "{}", "does not describe GET /livez 202 application/json")]
    public async Task Answer_AsItIsDescribedOrNot_IsSeen(string path, HttpStatusCode status, string body, string? problem)
    {
        var answers = await OpenApiAnswers.Document;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1{path}"));
        using var answer = new HttpResponseMessage(status)
        {
            RequestMessage = request,
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };

        Assert.That(
            async () => await answers.ShouldDescribeAsync(answer),
            problem is null ? Throws.Nothing : Throws.InstanceOf<AssertionException>().With.Message.Contains(problem));
    }
}
