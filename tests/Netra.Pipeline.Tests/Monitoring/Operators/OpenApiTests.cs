using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Operators;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class OpenApiTests
{
    private const string WebSocketPath = "/ws";

    [Test]
    public async Task Document_Served_IsValidOpenApi31()
    {
        await using var host = await PipelineHost.StartAsync();
        using var http = host.CreateClient();

        using var answer = await http.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();
        var (document, diagnostic) = OpenApiDocument.Parse(text, "json");

        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/json"));
        Assert.That(
            diagnostic!.Errors.Concat(diagnostic.Warnings).Select(static problem => $"{problem.Pointer}: {problem.Message}"), Is.Empty);
        Assert.That(diagnostic.SpecificationVersion, Is.EqualTo(OpenApiSpecVersion.OpenApi3_1));
        Assert.That(
            document!.Paths.Values.SelectMany(static path => path.Operations!.Values).Select(static operation => operation.OperationId),
            Is.Unique);
    }

    [Test]
    public async Task Document_AgainstAStartedHost_HasEveryRoute()
    {
        await using var host = await PipelineHost.StartAsync();
        var mapped = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(static route => route.RoutePattern.RawText != WebSocketPath)
            .SelectMany(static route =>
                route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {route.RoutePattern.RawText}"));

        var described = Read().Paths.SelectMany(static path => path.Value.Operations!.Keys.Select(method => $"{method.Method} {path.Key}"));

        Assert.That(described, Is.EquivalentTo(mapped));
    }

    [Test]
    public void Document_Parameters_AreThoseOfThePaths()
        => Assert.Multiple(static () =>
        {
            foreach (var (path, item) in Read().Paths)
            {
                var wanted = Placeholders().Matches(path).Select(static match => match.Groups["name"].Value).ToList();
                foreach (var operation in item.Operations!.Values)
                {
                    var named = (operation.Parameters ?? [])
                        .Where(static parameter => parameter.In == ParameterLocation.Path)
                        .Select(static parameter => parameter.Name);
                    Assert.That(named, Is.EquivalentTo(wanted), operation.OperationId);
                }
            }
        });

    // What a reference names is looked up only when it is asked for, so one to nothing is no error of the parser.
    [Test]
    public void Document_References_NameWhatIsThere()
    {
        var text = File.ReadAllText(Repository.PathOf("src/Netra.Pipeline.Monitoring/Operators/openapi.json"));
        var components = Read().Components!;
        var there = components.Schemas!.Keys.Select(static name => $"schemas/{name}")
            .Concat(components.Parameters!.Keys.Select(static name => $"parameters/{name}"))
            .Concat(components.Responses!.Keys.Select(static name => $"responses/{name}"));

        Assert.That(
            References().Matches(text).Select(static match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal),
            Is.EquivalentTo(there));
    }

    private static OpenApiDocument Read() => OpenApiDocument.Parse(
        File.ReadAllText(Repository.PathOf("src/Netra.Pipeline.Monitoring/Operators/openapi.json")), "json").Document!;

    [GeneratedRegex(@"\{(?<name>[^}]+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholders();

    [GeneratedRegex("\"#/components/(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex References();
}
