using Netra.Pipeline.Alerting;

namespace Netra.Pipeline.Tests.Alerting;

/// <summary>The stored form of incidents, which later versions must read.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class IncidentTests
{
    private const string Stored = """
        {"scope":"log_trouble","key":"log_trouble-0","rule_name":"log_trouble","severity":"critical",
        "starts_at":"1970-01-01T00:00:00+00:00",
        "policy":{"steps":[],"always_inform":[],"acknowledge_timeout":"00:30:00"},"next_step":1,"last_step_at":"1970-01-01T00:00:01+00:00",
        "told":[{"channel":"log","level":"operations"},{"channel":"email","level":"operations","resolved_at":"1970-01-01T00:00:02+00:00"}],
        "level":"operations","notifications":3,
        "last":{"id":"log_trouble","rule_name":"log_trouble","state":"firing","severity":"critical","since":"1970-01-01T00:00:00+00:00",
        "summary":"s","description":"d","is_emergency":false}}
        """;

    [Test]
    public void Incident_ThatWasStored_IsReadAndWrittenWithTheSameMembers()
    {
        var incident = AlertJson.Read<Incident>(Stored);

        Assert.That(
            incident.NotifiedChannels.Select(static channel => (channel.Channel, channel.IsOpen)),
            Is.EqualTo(new[] { ("log", true), ("email", false) }));
        Assert.That(incident.LastAlert!.Summary, Is.EqualTo("s"));
        Assert.That(AlertJson.Write(incident), Is.EqualTo(Stored.ReplaceLineEndings(string.Empty)));
    }
}
