using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Load.Peers;
using Netra.Pipeline.Tests.Load.Verify;

namespace Netra.Pipeline.Tests.Load.Compare;

/// <summary>The comparison over its real path, very small: what it says is right, not what it measures.</summary>
public sealed class CompareTests
{
    private static readonly string[] Peers = PeerNames.Here;

    [Test]
    public async Task Compare_AllPeersInBurstsAndPaced_GivesEverythingToEverybodyAndReportsEachServer()
    {
        var report = await ReportOfAsync(["--workloads", "burst", "paced", "--scale", "0.0005"]);
        using (Assert.EnterMultipleScope())
        {
            foreach (var peer in Peers)
            {
                Assert.That(
                    report.Split('\n').Count(line => line.StartsWith($"| {peer} | ", StringComparison.Ordinal)),
                    Is.EqualTo(2),
                    $"rows of {peer} in\n{report}");
            }

            Assert.That(report, Does.Contain("Every server gave every page all of its events, in order."));
            Assert.That(report, Does.Contain("- commit: ").And.Contain("- machine: ").And.Contain("- versions: "));
        }
    }

    [Test]
    public async Task Compare_AnotherBuildIdle_IsARowBesideOurs()
    {
        var run = $"{Repository.PathOf("bench/peers/run")} netra";
        var report = await ReportOfAsync(["--peers", "netra", "--also", $"same={run}", "--workloads", "idle", "--scale", "0.001"]);
        Assert.That(report, Does.Contain("| netra | ").And.Contain("| same | "));
    }

    [Test]
    public async Task Compare_APeerThatEndsAtOnce_ExitsWithTwoAndSaysSo()
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync(
            "compare", "--peers", "netra", "--also", "broken=false", "--rounds", "1", "--scale", "0.0005", "--workloads", "burst",
            "--folder", Repository.PathOf("bench/peers"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(2));
            Assert.That(error, Does.Contain("broken has ended with 1 instead of listening"));
        }
    }

    // How the harness itself waits for sockets is not how a server would: servers that inherited it were measured in another mode.
    [Test]
    public async Task Compare_AServerItStarts_DoesNotInheritHowTheHarnessWaitsForSockets()
    {
        var script = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sh");
        await File.WriteAllTextAsync(script, "env | grep '^DOTNET_SYSTEM_NET_SOCKETS' >&2\necho looked >&2\nexit 3\n");
        try
        {
            var (exitCode, _, error) = await LoadProgram.RunAsync(
                "compare", "--peers", "netra", "--also", $"probe=sh {script}", "--rounds", "1", "--scale", "0.0005", "--workloads", "burst",
                "--folder", Repository.PathOf("bench/peers"));
            using (Assert.EnterMultipleScope())
            {
                Assert.That(exitCode, Is.EqualTo(2));
                Assert.That(error, Does.Contain("probe: looked").And.Not.Contain("DOTNET_SYSTEM_NET_SOCKETS"));
            }
        }
        finally
        {
            File.Delete(script);
        }
    }

    [Test]
    public async Task Compare_AlsoWithoutACommand_ExitsWithTwoAndSaysWhatIsWrong()
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync("compare", "--also", "broken");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.EqualTo(2));
            Assert.That(error, Does.Contain("--also is 'broken'; it must be NAME=COMMAND"));
        }
    }

    private static async Task<string> ReportOfAsync(string[] arguments)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.md");
        try
        {
            var (exitCode, output, error) = await LoadProgram.RunAsync(
                ["compare", "--rounds", "1", "--folder", Repository.PathOf("bench/peers"), "--results", file, .. arguments]);
            Assert.That(exitCode, Is.Zero, $"{output}\n{error}");
            return await File.ReadAllTextAsync(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
