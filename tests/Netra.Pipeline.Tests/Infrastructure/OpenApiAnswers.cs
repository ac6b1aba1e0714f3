using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NJsonSchema;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// What the served OpenAPI document says of answers: their status, their media type, and the JSON in them. An object that lists its members
/// has no others, so that an answer which has grown is noticed as well. Made once, and safe from any thread.
/// </summary>
internal sealed partial class OpenApiAnswers
{
    private const string Json = "application/json";
    private const string Problem = "application/problem+json";

    private static readonly Lazy<Task<OpenApiAnswers>> Made = new(ReadAsync);

    private readonly Dictionary<string, JsonSchema?> _answers = new(StringComparer.Ordinal);
    private readonly List<(Regex Path, string Template)> _paths = [];

    private OpenApiAnswers()
    {
    }

    /// <summary>The document's.</summary>
    public static Task<OpenApiAnswers> Document => Made.Value;

    /// <summary>Asserts that an answer is as it is described. Routes that are not the product's are passed over.</summary>
    public async Task ShouldDescribeAsync(HttpResponseMessage answer)
    {
        var request = answer.RequestMessage!;
        var path = request.RequestUri!.AbsolutePath;
        if (_paths.Find(entry => entry.Path.IsMatch(path)) is not { Template: { } template })
        {
            return;
        }

        // An answer to HEAD has the headers of a body, and none.
        var media = request.Method == HttpMethod.Head ? string.Empty : answer.Content.Headers.ContentType?.MediaType ?? string.Empty;
        var key = Key(request.Method.Method, template, ((int)answer.StatusCode).ToString(), media);
        if (!_answers.TryGetValue(key, out var schema))
        {
            throw new AssertionException($"openapi.json does not describe {key}");
        }

        if (schema is not null && media is (Json or Problem))
        {
            var text = await answer.Content.ReadAsStringAsync();
            if (schema.Validate(text) is { Count: > 0 } problems)
            {
                throw new AssertionException($"{key} is not as openapi.json describes it: {string.Join("; ", problems)} in {text}");
            }
        }
    }

    private static async Task<OpenApiAnswers> ReadAsync()
    {
        var document = JsonNode.Parse(
            await File.ReadAllTextAsync(Repository.PathOf("src/Netra.Pipeline.Monitoring/Operators/openapi.json")))!;
        var definitions = document["components"]!["schemas"]!.DeepClone().AsObject();
        var answers = new OpenApiAnswers();
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (template, methods) in document["paths"]!.AsObject().OrderBy(static path => path.Key.Contains('{')))
        {
            answers._paths.Add((new Regex($"^{Placeholder().Replace(template, "[^/]+")}$"), template));
            foreach (var (method, operation) in methods!.AsObject())
            {
                foreach (var (status, described) in operation!["responses"]!.AsObject())
                {
                    var response = described!["$ref"] is { } reference
                        ? document["components"]!["responses"]![reference.GetValue<string>().Split('/')[^1]]!
                        : described;
                    if (response["content"] is not JsonObject { Count: > 0 } content)
                    {
                        answers._answers.Add(Key(method, template, status, string.Empty), null);
                        continue;
                    }

                    foreach (var (media, form) in content)
                    {
                        var key = Key(method, template, status, media);
                        answers._answers.Add(key, null);
                        if (form!["schema"] is { } schema)
                        {
                            named[key] = $"answer{named.Count}";
                            definitions.Add(named[key], schema.DeepClone());
                        }
                    }
                }
            }
        }

        Close(definitions);
        var text = new JsonObject { ["definitions"] = definitions }
            .ToJsonString()
            .Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal);
        var root = await JsonSchema.FromJsonAsync(text);
        foreach (var (key, definition) in named)
        {
            answers._answers[key] = root.Definitions[definition];
        }

        return answers;
    }

    private static string Key(string method, string template, string status, string media)
        => $"{method.ToUpperInvariant()} {template} {status} {media}".TrimEnd();

    // What others are made of with allOf stays open: it does not list all members.
    private static void Close(JsonObject definitions)
    {
        var open = new HashSet<JsonNode>();
        foreach (var part in Descendants(definitions).OfType<JsonObject>().Select(static node => node["allOf"]).OfType<JsonArray>()
            .SelectMany(static parts => parts))
        {
            open.Add(part!["$ref"] is { } reference ? definitions[reference.GetValue<string>().Split('/')[^1]]! : part);
        }

        foreach (var schema in Descendants(definitions).OfType<JsonObject>().Where(static node => node["type"] is JsonValue).ToList())
        {
            if (schema["const"] is { } constant && schema["enum"] is null)
            {
                schema["enum"] = new JsonArray(constant.DeepClone());
            }

            if (schema["properties"] is not null
                && schema["additionalProperties"] is null
                && schema["allOf"] is null
                && !open.Contains(schema))
            {
                schema["additionalProperties"] = false;
            }
        }
    }

    private static IEnumerable<JsonNode> Descendants(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(static member => Descendants(member.Value)).Prepend(members),
        JsonArray items => items.SelectMany(Descendants).Prepend(items),
        _ => [],
    };

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();
}
