namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// Compares every answer that a test gets with what the OpenAPI document says of it. Streams are left alone: they have no end to wait for.
/// </summary>
internal sealed class DescribedAnswersHandler() : DelegatingHandler(new SocketsHttpHandler())
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        var answers = await OpenApiAnswers.Document;
        await answers.ShouldDescribeAsync(answer);
        return answer;
    }
}
