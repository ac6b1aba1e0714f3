using System.Text;
using System.Text.Json;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>A check that never complains proves nothing: each one is shown what it is there to find.</summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CrashVerdictTests : IDisposable
{
    private readonly Journal _journal = new();
    private readonly ServerLife _life = new(port: 1, number: 3);

    public void Dispose() => _life.Dispose();

    [Test]
    public void Reader_EverythingInOrder_IsContent()
    {
        var (reader, fresh) = (Reader("ada/1"), Reader("ada/fresh"));
        Promise("w-0", 1);
        foreach (var one in new[] { reader, fresh })
        {
            See(one, 1, "w-0");
            See(one, 2, "w-1");
        }

        See(reader, 3, "w-2");
        See(reader, 2, "w-1", redelivery: 1);
        foreach (var one in new[] { reader, fresh })
        {
            one.Protocol.OnGap(new GapMessage(one.Protocol.Cursor + 1, 1000, GapCause.ServerRestart, Replay: false, Certain: false), _life);
            See(one, 1001, "w-2");
        }

        Judge(fresh, reader);
        Assert.That(_journal.Violations, Is.Empty);
        Assert.That((reader.Protocol.Cursor, reader.Protocol.Duplicates), Is.EqualTo((1001, 1)));
    }

    [Test]
    public void Reader_JumpWithoutGap_Complains()
    {
        var reader = Reader("ada/1");
        See(reader, 1, "w-0");
        See(reader, 3, "w-2");
        ShouldComplain("ada/1, life 3: got number 3 where 2 was due, without a gap");
    }

    [Test]
    public void Reader_NumberAgainWithoutRedelivery_Complains()
    {
        var reader = Reader("ada/1");
        See(reader, 1, "w-0");
        See(reader, 1, "w-0");
        ShouldComplain("got number 1 again, without redelivery");
    }

    [Test]
    public void Reader_GapOutOfOrderOrNotHonest_Complains()
    {
        Reader("ada/1").Protocol.OnGap(new GapMessage(2, 9, GapCause.ServerRestart, Replay: false, Certain: true), _life);
        ShouldComplain("out of order", "only a restart is uncertain");
    }

    [Test]
    public void Reader_NotResumed_Complains()
    {
        var reader = Reader("ada/1");
        See(reader, 1, "w-0");
        reader.Protocol.OnWelcome(Welcome(resumed: false, epoch: "other"), _life);
        ShouldComplain("was not resumed at 1 of epoch e");
    }

    [Test]
    public void Journal_NumberWithOtherContent_Complains()
    {
        See(Reader("ada/1"), 1, "w-0");
        See(Reader("ada/2"), 1, "w-1");
        ShouldComplain("Number 1 of ada is event e-1 with marker w-1 for ada/2, but was e-1 with marker w-0 for ada/1", "as Sighting");
    }

    [Test]
    public void Journal_IdOfAnotherNumber_Complains()
    {
        var reader = Reader("ada/1");
        See(reader, 1, "w-0", id: "same");
        See(reader, 2, "w-1", id: "same");
        ShouldComplain("Id same is number 2 of ada for ada/1, but was number 1", "handled event same as number 1 and again as number 2");
    }

    [Test]
    public void Journal_TwoReceiptsForOneKey_Complains()
    {
        Promise("w-0", 1);
        Promise("w-0", 2);
        ShouldComplain("two receipts for the key w-0");
    }

    [Test]
    public void Verdict_PromisedButNotStored_IsLost()
    {
        Promise("w-0", 1);
        Judge(Reader("ada/fresh"));
        ShouldComplain("LOST");
    }

    [Test]
    public void Verdict_MarkerStoredTwice_IsDoubled()
    {
        var fresh = Reader("ada/fresh");
        See(fresh, 1, "w-0");
        See(fresh, 2, "w-0");
        Judge(fresh);
        ShouldComplain("DOUBLED: w-0");
    }

    [Test]
    public void Verdict_RunOutOfOrder_IsReordered()
    {
        var fresh = Reader("ada/fresh");
        See(fresh, 1, "w-1");
        See(fresh, 2, "w-0");
        Judge(fresh);
        ShouldComplain("REORDERED: run r of ada has its event 0");
    }

    [Test]
    public void Verdict_RunWhoseTotalIsWrongOrMissing_Complains()
    {
        var fresh = Reader("ada/fresh");
        See(fresh, 1, "w-0");
        See(fresh, 2, "w-1", type: EventType.AgentCompleted, message: """{"run":{"events":3,"first_seq":1,"last_seq":2}}""");
        See(fresh, 3, "w-2", type: EventType.AgentFailed);
        Judge(fresh);
        ShouldComplain(
            "Number 2 of ada ends run r with RunTotal { Events = 3, FirstSeq = 1, LastSeq = 2 }",
            "Number 3 of ada ends run r with nothing");
    }

    [Test]
    public void Verdict_RefusedButStored_Complains()
    {
        var fresh = Reader("ada/fresh");
        _journal.Refused(Published("w-0"), "no");
        See(fresh, 1, "w-0");
        Judge(fresh);
        ShouldComplain("w-0 was refused (no), but is stored");
    }

    [Test]
    public void Verdict_DeliveredButNotStoredAndNotExplained_Complains()
    {
        See(Reader("ada/1"), 1, "w-0");
        Judge(Reader("ada/fresh"));
        ShouldComplain("UNEXPLAINED");
    }

    [Test]
    public void Verdict_MoreNumbersSkippedThanForItsKills_Complains()
    {
        var fresh = Reader("ada/fresh");
        fresh.Protocol.OnGap(new GapMessage(1, (1 << 20) + 1, GapCause.ServerRestart, Replay: false, Certain: false), _life);
        Judge(fresh);
        ShouldComplain("1048577 numbers of ada were skipped");
    }

    [Test]
    public void Verdict_StoredButNotGivenToAReader_IsMissed()
    {
        var (reader, fresh) = (Reader("ada/1"), Reader("ada/fresh"));
        See(fresh, 1, "w-0");
        reader.Protocol.OnGap(new GapMessage(1, 9, GapCause.ServerRestart, Replay: false, Certain: false), _life);
        Judge(fresh, reader);
        ShouldComplain("MISSED: ada/1 never got");
    }

    private static PublishedEvent Published(string marker) => new("ada", "r", EventType.Token, 0, marker, HasKey: true);

    private static WelcomeMessage Welcome(bool resumed, string epoch) => new("c", "ada", epoch, 0, 0, resumed, 1, 1, 1, 1);

    private ReaderClient Reader(string name)
    {
        var reader = new ReaderClient(name, "ada", ReaderTemper.Steady, fromNow: false, seed: 0, _journal);
        reader.Protocol.OnWelcome(Welcome(resumed: false, "e"), _life);
        return reader;
    }

    private void See(
        ReaderClient reader,
        long seq,
        string marker,
        string? id = null,
        int? redelivery = null,
        EventType type = EventType.Token,
        string message = "{}")
    {
        var data = JsonElement.Parse($$"""{"{{PublishedEvent.MarkerMember}}":"{{marker}}"}""");
        reader.Protocol.OnEvent(
            new EventMessage(EventTypes.WireName(type), type, seq, id ?? $"e-{seq}", "t", "r", 0, data, Redelivery: redelivery),
            Encoding.UTF8.GetBytes(message),
            _life);
    }

    private void Promise(string marker, long seq)
        => _journal.Promised(new Promise(Published(marker), seq, $"e-{seq}", $"receipt {seq}", Life: 1), "w");

    private void Judge(ReaderClient fresh, params ReaderClient[] readers) => CrashVerdict.Judge(fresh, readers, kills: 1, _journal);

    private void ShouldComplain(params string[] parts)
    {
        var all = string.Join('\n', _journal.Violations);
        foreach (var part in parts)
        {
            Assert.That(all, Does.Contain(part));
        }
    }
}
