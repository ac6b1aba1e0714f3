using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.WebSockets;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ResumeRulesTests
{
    [TestCase("", null, null, null)]
    [TestCase("?seq=0", null, 0L, null)]
    [TestCase("?seq=41&epoch=Zk3f_-", "Zk3f_-", 41L, null)]
    [TestCase("?seq=41&from=41", null, 41L, 41L)]
    [TestCase("?seq=9007199254740991&from=0", null, 9007199254740991L, 0L)]
    [TestCase("?seq=0000000000000007", null, 7L, null)]
    [TestCase("?epoch=a", "a", null, null)]
    [TestCase("?seq=%31", null, 1L, null)]
    public void Read_RightParameters_AreRead(string query, string? epoch, long? seq, long? from)
    {
        Assert.That(ResumeRules.Read(Query(query), out var resume), Is.Null);
        Assert.That(resume, Is.EqualTo(new ResumeRequest(epoch, seq, from)));
    }

    [TestCase("?seq=")]
    [TestCase("?seq")]
    [TestCase("?seq=-1")]
    [TestCase("?seq=%2B1")]
    [TestCase("?seq=1.0")]
    [TestCase("?seq=1e3")]
    [TestCase("?seq=0x1")]
    [TestCase("?seq=%D9%A1")]
    [TestCase("?seq=9007199254740992")]
    [TestCase("?seq=99999999999999999999")]
    [TestCase("?seq=1&seq=1")]
    [TestCase("?from=1")]
    [TestCase("?seq=4&from=5")]
    [TestCase("?seq=4&from=a")]
    [TestCase("?seq=4&from=1&from=1")]
    [TestCase("?epoch=")]
    [TestCase("?epoch=a%20b")]
    [TestCase("?epoch=a&epoch=a")]
    [TestCase("?epoch=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Read_WrongParameters_AreRefused(string query)
    {
        var refusal = ResumeRules.Read(Query(query), out var resume);

        Assert.That(refusal, Is.Not.Null);
        Assert.That((refusal!.Status, refusal.Code), Is.EqualTo((400, "bad_resume")));
        Assert.That(resume, Is.EqualTo(ResumeRequest.FromNow));
    }

    [Test]
    public void ReadStream_LastEventId_GoesBeforeTheQuery()
    {
        var headers = new HeaderDictionary { ["Last-Event-ID"] = "Zk3f_-.17.58" };

        Assert.That(ResumeRules.ReadStream(headers, Query("?seq=wrong"), out var resume), Is.Null);
        Assert.That(resume, Is.EqualTo(new ResumeRequest("Zk3f_-", 58, 17)));
    }

    [Test]
    public void ReadStream_NoLastEventId_ReadsTheQuery()
    {
        Assert.That(ResumeRules.ReadStream(new HeaderDictionary(), Query("?seq=41&epoch=a"), out var resume), Is.Null);
        Assert.That(resume, Is.EqualTo(new ResumeRequest("a", 41, null)));
    }

    [Test]
    public void ReadStream_TwoIds_AreRefused()
    {
        var headers = new HeaderDictionary { ["Last-Event-ID"] = new StringValues(["a.0.1", "a.0.1"]) };

        Assert.That(ResumeRules.ReadStream(headers, Query(""), out _)?.Message, Does.Contain("Last-Event-ID"));
    }

    private static QueryCollection Query(string query) => new(QueryHelpers.ParseQuery(query));
}
