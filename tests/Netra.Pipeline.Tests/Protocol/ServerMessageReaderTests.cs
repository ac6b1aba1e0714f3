using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class ServerMessageReaderTests
{
    private const string Event = """
        {"type":"token","seq":58,"id":"0f3k7x9m2qwcb-58","thread_id":"t1","run_id":"r7","timestamp":1763784000.123456,
         "data":{"delta":"Hel"}}
        """;

    [Test]
    public void Read_DocumentedEvent_IsRead()
    {
        var message = (EventMessage)Read(Event);

        Assert.Multiple(() =>
        {
            Assert.That(message.EventType, Is.EqualTo(EventType.Token));
            Assert.That(message.Seq, Is.EqualTo(58));
            Assert.That(message.Timestamp, Is.EqualTo(1763784000.123456));
            Assert.That(message.Data.GetProperty("delta").GetString(), Is.EqualTo("Hel"));
            Assert.That(message.TraceParent, Is.Null);
            Assert.That(message.Redelivery, Is.Null);
        });
    }

    [Test]
    public void Read_EventOfAnUnknownType_IsStillAnEventSoThatItsNumberIsNotLost()
    {
        var message = (EventMessage)Read(Event.Replace("token", "later", StringComparison.Ordinal));

        Assert.That(message.EventType, Is.Null);
        Assert.That(message.Type, Is.EqualTo("later"));
        Assert.That(message.Seq, Is.EqualTo(58));
    }

    [TestCase("""{"type":"later"}""")]
    [TestCase("""{"type":"later","seq":"not even a number"}""")]
    [TestCase("""{"type":"later","seq":5,"id":7}""")]
    public void Read_UnknownTypeThatIsNoEvent_IsUnknown(string json) =>
        Assert.That(Read(json), Is.EqualTo(new UnknownServerMessage("later")));

    [TestCase("""{"type":"later","type":"later"}""", "'type' occurs twice")]
    [TestCase("""{"type":"later"} x""", "JSON")]
    [TestCase("""{"type":"token","seq":5}""", "'token' needs 'id'")]
    [TestCase("""{"type":"token","seq":0}""", "'seq' must be an integer from 1")]
    [TestCase("""{"type":"token","data":[]}""", "'data' must be an object")]
    [TestCase("""{"type":"token","timestamp":1e999}""", "'timestamp' must be a finite number")]
    [TestCase("""{"type":"token","redelivery":0}""", "'redelivery' must be an integer from 1")]
    [TestCase("""{"type":"gap","from":1,"to":2,"cause":"whim","replay":true,"certain":true}""", "'cause' must be")]
    [TestCase("""{"type":"gap","from":3,"to":2,"cause":"expired","replay":true,"certain":true}""", "2 is below 3")]
    [TestCase("""{"type":"gap","from":3,"to":2,"cause":"expired","replay":1}""", "'replay' must be true or false")]
    [TestCase("""{"type":"error","data":[]}""", "'data' must be an object")]
    [TestCase("""{"type":"ping"}""", "'ping' needs 'ts'")]
    [TestCase("""{"type":"welcome"}""", "'welcome' needs 'connection_id'")]
    public void Read_Malformed_SaysWhatIsWrong(string json, string problem) =>
        Assert.That(() => Read(json), Throws.TypeOf<ProtocolViolationException>().With.Message.Contains(problem));

    [Test]
    public void Read_ErrorWithOtherDataThanNumbers_KeepsTheIntegers()
    {
        var message = (ErrorMessage)Read(
            """{"type":"error","code":"x","message":"m","severity":"error","timestamp":1,"data":{"a":1,"b":"""
            + """[{"c":2}],"d":1.5,"e":"5","f":-7}}""");

        Assert.That(message.Numbers, Is.EquivalentTo(new Dictionary<string, long>(StringComparer.Ordinal) { ["a"] = 1, ["f"] = -7 }));
    }

    private static ServerMessage Read(string json) => ServerMessageReader.Read(Encoding.UTF8.GetBytes(json));

    [TestCase("""{"events":0,"first_seq":1,"last_seq":1}""", "run.events")]
    [TestCase("""{"events":1,"last_seq":1}""", "run.first_seq")]
    [TestCase("""{"events":1,"first_seq":1,"last_seq":1.5}""", "run.last_seq")]
    [TestCase("7", "run")]
    public void Read_BadRunSummary_IsAViolationThatNamesTheMember(string run, string member)
    {
        var message =
            $$"""{"type":"agent_completed","seq":1,"id":"i","thread_id":"t","run_id":"r","timestamp":1,"data":{},"run":{{run}}}""";

        Assert.That(
            () => ServerMessageReader.Read(System.Text.Encoding.UTF8.GetBytes(message)),
            Throws.TypeOf<ProtocolViolationException>().With.Message.Contains(member));
    }
}
