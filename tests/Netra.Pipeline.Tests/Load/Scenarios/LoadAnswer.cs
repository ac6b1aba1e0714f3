using System.Text.Json;
using Netra.Pipeline.Tests.Load.Verify;

namespace Netra.Pipeline.Tests.Load.Scenarios;

/// <summary>What the load harness has said with <c>--json</c>.</summary>
internal sealed record LoadAnswer(int ExitCode, JsonElement Json)
{
    private static readonly string[] Counts = ["lost", "duplicated", "reordered", "unexplained_gaps"];

    /// <summary>Runs it, as a process of its own.</summary>
    public static async Task<LoadAnswer> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await LoadProgram.RunAsync([.. arguments, "--json"]);
        Assert.That(error, Is.Empty);
        Assert.That(output, Does.StartWith("{"), $"exit code {exitCode}");
        return new LoadAnswer(exitCode, JsonElement.Parse(output));
    }

    /// <summary>How often something was found.</summary>
    public long Found(string kind) => Json.GetProperty("found").GetProperty(kind).GetInt64();

    /// <summary>What was found of a kind, each as "where: detail".</summary>
    public IEnumerable<string> Findings(string kind)
        => Json.GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("kind").GetString() == kind)
            .Select(static finding => $"{finding.GetProperty("where").GetString()}: {finding.GetProperty("detail").GetString()}");

    /// <summary>It was content.</summary>
    public void ShouldHaveFoundNothing()
    {
        var findings = Json.GetProperty("findings").ToString();
        Assert.That(Json.GetProperty("found").EnumerateObject().Where(static kind => kind.Value.GetInt64() != 0), Is.Empty, findings);
        Assert.That(Counts.Select(count => Json.GetProperty(count).GetInt64()), Is.All.Zero);
        Assert.That(Json.GetProperty("passed").GetBoolean());
        Assert.That(ExitCode, Is.Zero);
    }

    /// <summary>Everything that was published has come, to each page once and in order.</summary>
    public void ShouldBeClean(int devices = 1)
    {
        ShouldHaveFoundNothing();
        Assert.That(Json.GetProperty("delivered").GetInt64(), Is.EqualTo(devices * Json.GetProperty("published").GetInt64()));
    }
}
