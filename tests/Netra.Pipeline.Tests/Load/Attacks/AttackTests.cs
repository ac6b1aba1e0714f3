using System.Globalization;
using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Load.Verify;

namespace Netra.Pipeline.Tests.Load.Attacks;

/// <summary>
/// The command <c>attack</c>, short, against the standalone server: what is refused must be, nothing ends a well-behaved page, and no flood
/// takes a core. How late it is served is for longer runs on a quiet machine (bench/results/attack.md).
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class AttackTests
{
    private static readonly string[] Short = ["--duration-s", "1", "--calm-s", "0.2", "--floor-ms", "10000", "--json"];

    [Test]
    public async Task Attacks_OnTheStandaloneServer_HaveHeld()
    {
        await using var folder = new ServerFolder();
        var key = await ServerProcess.PrintedByAsync(
            "keys", "create", "--name", "attack", "--scope", "publish", "--scope", "connect", folder.Argument);
        await using var server = ServerProcess.Start("Production", folder.Argument, "--AllowedHosts=127.0.0.1");
        var url = $"http://127.0.0.1:{await server.WhenReadyAsync()}";
        string[] attacks =
        [
            "smuggling", "foreign-pages", "made-up-credentials", "broken-frames", "deep-json", "gzip-bomb", "escaped-names", "pongs",
            "junk-lines",
        ];

        var (exitCode, output, error) = await LoadProgram.RunAsync(
            [
                "attack", "--url", url, "--token", key, "--pid", server.Id.ToString(CultureInfo.InvariantCulture),
                "--attack", .. attacks, .. Short,
            ]);

        Assert.That(exitCode, Is.Zero, error);
        using var json = JsonDocument.Parse(output);
        var results = json.RootElement.GetProperty("attacks").EnumerateArray().ToList();
        Assert.That(results.Select(static result => result.GetProperty("name").GetString()), Is.EquivalentTo(attacks));
        foreach (var flood in results.Where(static result => result.GetProperty("name").GetString() is "pongs" or "junk-lines"))
        {
            Assert.That(flood.GetProperty("server").GetProperty("cores").GetDouble(), Is.LessThan(0.8), flood.GetRawText());
        }

        // What peers name never stands raw in the log.
        Assert.That(server.Output, Does.Not.Contain('\u001b').And.Not.Contain("\n2026-01-01 forged line"));
        Assert.That(server.Critical, Has.All.StartsWith("MISSING CONTEXT:"), "which is what junk has");
    }

    [Test]
    public async Task Attack_NobodyListens_CannotRun()
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync("attack", "--url", "http://127.0.0.1:1", "--attack", "smuggling");

        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(error, Does.Contain("cannot connect"));
    }

    [Test]
    public async Task Attack_OnAnotherMachineThatNobodySaysToOwn_IsRefused()
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync("attack", "--url", "http://chat.example.com", "--attack", "smuggling");

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("chat.example.com").And.Contain("--i-own-this"));
    }

    [Test]
    public async Task Attack_ThatIsUnknown_IsRefused()
    {
        var (exitCode, _, error) = await LoadProgram.RunAsync("attack", "--url", "http://127.0.0.1:1", "--attack", "nothing");

        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("nothing"));
    }
}
