using FsCheck;
using FsCheck.Fluent;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Notifiers;

namespace Netra.Pipeline.Tests.Alerting.Notifiers;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ChannelTextTests
{
    [FsCheck.NUnit.Property]
    public bool Cut_AnyText_KeepsTheLimitAndCutsNoPair(NonNull<string> text, PositiveInt limit)
    {
        // Pairs only, and a letter in front of them every other time, so that the cut falls inside a pair.
        var whole = (text.Get.Length % 2 == 0 ? "x" : string.Empty) + string.Concat(text.Get.Select(static _ => "🔴"));
        var cut = ChannelText.Cut(whole, limit.Get + 1);

        return cut.Length <= limit.Get + 1
            && (whole.Length <= limit.Get + 1 ? cut == whole : cut.EndsWith('…') && (cut.Length == 1 || !char.IsHighSurrogate(cut[^2])));
    }

    [Test]
    public void Names_AllValues_AreThoseOfTheProtocol()
    {
        Assert.That(Enum.GetValues<AlertSeverity>().Select(AlertNames.Of), Is.EqualTo(new[] { "low", "medium", "high", "critical" }));
        Assert.That(
            Enum.GetValues<EscalationLevel>().Select(AlertNames.Of),
            Is.EqualTo(new[] { "operations", "engineering", "management", "executive" }));
        Assert.That(
            Enum.GetValues<NotificationKind>().Select(AlertNames.Of),
            Is.EqualTo(new[] { "trigger", "escalate", "acknowledge", "resolve" }));
        Assert.That(
            Enum.GetValues<NotificationKind>().Select(ChannelText.StatusOf),
            Is.EqualTo(new[] { "FIRING", "ESCALATED", "ACKNOWLEDGED", "RESOLVED" }));
    }
}
