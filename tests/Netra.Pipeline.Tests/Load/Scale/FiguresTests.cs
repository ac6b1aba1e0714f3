using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.Load.Verify;

namespace Netra.Pipeline.Tests.Load.Scale;

/// <summary>The commands that make committed reports, very small: that they run, lose nothing, and say what they should.</summary>
public sealed class FiguresTests
{
    [Test]
    public async Task Scale_Small_LosesNothingAndSaysWhatItIsAskedFor()
    {
        var (exitCode, output, error) = await LoadProgram.RunAsync(
            "scale", "--parts", "connections", "users", "--scale", "0.0002", "--folder", Repository.PathOf("bench/peers"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero, $"{output}\n{error}");
            Assert.That(output, Does.Contain("## From few to many connections"));
            Assert.That(output, Does.Contain("## Users who come once").And.Contain("| published | 200 events"));
            Assert.That(output, Does.Not.Contain("## The same load for a long time"));
        }
    }

    [Test]
    public async Task Publishing_Small_HasTrueReceiptsInEveryWay()
    {
        var (exitCode, output, error) = await LoadProgram.RunAsync(
            "publishing", "--publishers", "2", "--scale", "0.01", "--folder", Repository.PathOf("bench/peers"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(exitCode, Is.Zero, $"{output}\n{error}");
            Assert.That(output.Split("| one a request |"), Has.Length.EqualTo(3));
            Assert.That(output.Split("| many lines a request |"), Has.Length.EqualTo(3));
        }
    }
}
