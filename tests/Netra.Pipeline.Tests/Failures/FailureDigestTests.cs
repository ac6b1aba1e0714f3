using Netra.Pipeline.Failures;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FailureDigestTests
{
    [Test]
    public void Add_ManyAtOnce_TellsTheFirstAtOnceAndTheRestOnceAMinuteWithTheirCount()
    {
        var time = new TestTimeProvider();
        var told = new List<(long Count, string What)>();
        var digest = new FailureDigest(time, (count, what, _) => told.Add((count, what)));
        digest.TellIfDue();
        for (var i = 1; i <= 5; i++)
        {
            digest.Add($"failure {i}");
        }

        time.Advance(TimeSpan.FromSeconds(59));
        digest.TellIfDue();
        Assert.That(told, Is.EqualTo(new[] { (1L, "failure 1") }));

        time.Advance(TimeSpan.FromSeconds(1));
        digest.TellIfDue();
        digest.TellIfDue();
        Assert.That(told.Skip(1), Is.EqualTo(new[] { (4L, "failure 5") }));

        time.Advance(TimeSpan.FromMinutes(5));
        digest.Add("failure 6");
        Assert.That(told.Skip(2), Is.EqualTo(new[] { (1L, "failure 6") }));
    }
}
