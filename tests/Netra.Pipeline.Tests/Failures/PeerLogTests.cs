using System.Net;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

/// <summary>Lines that peers bring about: the first few as they come, the others with their number.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PeerLogTests
{
    [Test]
    public void Write_InCrowds_WritesTheFirstFewAndThenHowManyMore()
    {
        var time = new TestTimeProvider();
        using var lines = new PeerLog(time);
        var written = new List<string>();

        for (var i = 1; i <= 1000; i++)
        {
            var number = i;
            lines.Write(1, "refused", "10.0.0.1", more => written.Add($"{number}{more}"));
        }

        Assert.That(written, Is.EqualTo(new[] { "1", "2", "3" }));
        time.Advance(TimeSpan.FromSeconds(1));
        lines.TellDue();
        Assert.That(written[3..], Is.EqualTo(new[] { "1000 and 996 more" }));
        lines.Write(1, "refused", "10.0.0.2", more => written.Add($"other{more}"));
        Assert.That(written[^1], Is.EqualTo("other"), "another source has lines of its own");
    }

    [Test]
    public void Dispose_WithLinesHeldBack_WritesThem()
    {
        var lines = new PeerLog(new TestTimeProvider());
        var written = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            lines.Write(1, "refused", source: null, more => written.Add($"x{more}"));
        }

        lines.Dispose();

        Assert.That(written[^1], Is.EqualTo("x and 1 more"));
    }

    [Test]
    public void SourceOf_AConnection_IsItsAddressWithoutThePort()
        => Assert.That(
            new[] { PeerLog.SourceOf(new IPEndPoint(IPAddress.Loopback, 4711)), PeerLog.SourceOf(null) },
            Is.EqualTo(new[] { "127.0.0.1", null }));
}
