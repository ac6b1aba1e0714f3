using System.Text.Json;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server;

/// <summary>How the server is compiled, and the host that is compared: what was measured to help stays.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class CompilationTests
{
    [Test]
    public void Server_RuntimeConfiguration_HasNoProfiling()
        => Assert.That(IsProfiling(Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Server.runtimeconfig.json")), Is.False);

    [Test]
    public void ComparedHost_Published_HasNoProfilingAndIsCompiledBeforehand()
    {
        var folder = Repository.PathOf("artifacts/peers/netra");
        Assert.That(Directory.Exists(folder), Is.True, "bench/peers/build netra makes it");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(IsProfiling(Path.Combine(folder, "Netra.Pipeline.Peers.Netra.runtimeconfig.json")), Is.False);
            Assert.That(
                new FileInfo(Path.Combine(folder, "Netra.Pipeline.Core.dll")).Length,
                Is.GreaterThan(2 * new FileInfo(Path.Combine(AppContext.BaseDirectory, "Netra.Pipeline.Core.dll")).Length),
                "native code takes more room than what it is compiled from");
        }
    }

    private static bool IsProfiling(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return !json.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties")
            .TryGetProperty("System.Runtime.TieredPGO", out var value) || value.GetBoolean();
    }
}
