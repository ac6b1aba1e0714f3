using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class ClientMessageReaderTests
{
    private static readonly string LongestId = string.Concat(Enumerable.Repeat("😀", 128));

    [TestCase("", "JSON")]
    [TestCase("x", "JSON")]
    [TestCase("[]", "one JSON object")]
    [TestCase("5", "one JSON object")]
    [TestCase("null", "one JSON object")]
    [TestCase("""{"type":"ack","seq":5""", "JSON")]
    [TestCase("""{"type":"ack","seq":5}}""", "JSON")]
    [TestCase("""{"type":"ack","seq":5}{}""", "JSON")]
    [TestCase("""{"type":"ack","seq":5,}""", "JSON")]
    [TestCase("""{"type":"ack","seq":05}""", "JSON")]
    [TestCase("""{"type":"ack",/**/"seq":5}""", "JSON")]
    [TestCase("""{}""", "needs 'type'")]
    [TestCase("""{"Type":"ack","seq":5}""", "needs 'type'")]
    [TestCase("""{"type":5}""", "'type' must be a string")]
    [TestCase("""{"type":null}""", "'type' must be a string")]
    [TestCase("""{"type":"ack","type":"ack","seq":5}""", "'type' occurs twice")]
    [TestCase("""{"type":"other","type":"ack"}""", "'type' occurs twice")]
    [TestCase("""{"type":"ack"}""", "'ack' needs 'seq'")]
    [TestCase("""{"type":"ack","seq":null}""", "'seq' must be an integer from 0 to 9007199254740991")]
    [TestCase("""{"type":"ack","seq":"5"}""", "'seq' must be an integer")]
    [TestCase("""{"type":"ack","seq":5.5}""", "'seq' must be an integer")]
    [TestCase("""{"type":"ack","seq":-1}""", "'seq' must be an integer")]
    [TestCase("""{"type":"ack","seq":9007199254740992}""", "'seq' must be an integer")]
    [TestCase("""{"type":"ack","seq":99999999999999999999}""", "'seq' must be an integer")]
    [TestCase("""{"type":"ack","seq":5,"seq":5}""", "'seq' occurs twice")]
    [TestCase("""{"type":"pong","seq":-1}""", "'seq' must be an integer")]
    [TestCase("""{"type":"pong","ts":"5"}""", "'ts' must be an integer")]
    [TestCase("""{"type":"pong","ts":5,"ts":5}""", "'ts' occurs twice")]
    [TestCase("""{"type":"replay","from":1}""", "'replay' needs 'to'")]
    [TestCase("""{"type":"replay","to":1}""", "'replay' needs 'from'")]
    [TestCase("""{"type":"replay","from":0,"to":1}""", "'from' must be an integer from 1")]
    [TestCase("""{"type":"replay","from":5,"to":4}""", "4 is below 5")]
    [TestCase("""{"type":"chat_message","thread_id":"t1","content":""}""", "'chat_message' needs 'id'")]
    [TestCase("""{"type":"chat_message","id":"","thread_id":"t1","content":""}""", "'id' must have 1 to 128 characters, and has 0")]
    [TestCase("""{"type":"chat_message","id":5,"thread_id":"t1","content":""}""", "'id' must be a string")]
    [TestCase("""{"type":"chat_message","id":"m1","content":""}""", "'chat_message' needs 'thread_id'")]
    [TestCase("""{"type":"chat_message","id":"m1","thread_id":"t1"}""", "'chat_message' needs 'content'")]
    [TestCase("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"\ud800"}""", "'content' has text that is not Unicode")]
    [TestCase("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"","data":{"a":["\ud800"]}}""", "'data' has text that is not")]
    [TestCase("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"","data":{"\ud800":1}}""", "'data' has text that is not")]
    [TestCase("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"","data":1,"data":1}""", "'data' occurs twice")]
    [TestCase("""{"type":"cancel_run","id":"m1","thread_id":"t1"}""", "'cancel_run' needs 'run_id'")]
    [TestCase("""{"type":"ack","\ud800":1,"seq":5}""", "member name that is not Unicode")]
    [TestCase("""{"type":"\ud800"}""", "'type' has text that is not Unicode")]
    public void Read_Malformed_SaysWhatIsWrong(string json, string problem) => Assert.That(
        () => ClientMessageReader.Read(Encoding.UTF8.GetBytes(json)),
        Throws.TypeOf<ProtocolViolationException>().With.Message.Contains(problem));

    [Test]
    public void Read_IdOf129Characters_SaysHowLongItIs() => Assert.That(
        () => ClientMessageReader.Read(
            Encoding.UTF8.GetBytes($$"""{"type":"cancel_run","id":"{{LongestId}}x","thread_id":"t","run_id":"r"}""")),
        Throws.TypeOf<ProtocolViolationException>().With.Message.Contains("has 129"));

    [Test]
    public void Read_IdOf128Characters_IsTaken()
    {
        var read = ClientMessageReader.Read(
            Encoding.UTF8.GetBytes($$"""{"type":"cancel_run","id":"{{LongestId}}","thread_id":"t","run_id":"r"}"""));

        Assert.That(read, Is.EqualTo(new CancelRunMessage(LongestId, "t", "r")));
    }

    [Test]
    public void Read_NotUtf8InAMemberNobodyKnows_IsAViolation() => Assert.That(
        () => ClientMessageReader.Read([.. "{\"type\":\"ack\",\"seq\":5,\"x\":\""u8, 0xff, .. "\"}"u8]),
        Throws.TypeOf<ProtocolViolationException>().With.Message.Contains("UTF-8"));

    [TestCase(63, true)]
    [TestCase(64, false)]
    public void Read_Nested_IsLimited(int depth, bool taken)
    {
        var json = $$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}},"type":"ack","seq":5}""";
        if (taken)
        {
            Assert.That(ClientMessageReader.Read(Encoding.UTF8.GetBytes(json)), Is.EqualTo(new AckMessage(5)));
        }
        else
        {
            Assert.That(() => ClientMessageReader.Read(Encoding.UTF8.GetBytes(json)), Throws.TypeOf<ProtocolViolationException>());
        }
    }

    [TestCase("""{"seq":5,"type":"ack"}""")]
    [TestCase(""" { "type" : "ack" , "seq" : 5 } """)]
    [TestCase("""{"t\u0079pe":"\u0061ck","s\u0065q":5}""")]
    [TestCase("""{"type":"ack","seq":5,"data":{"type":"pong"},"id":7}""")]
    public void Read_OtherFormsOfTheSame_AreTaken(string json) =>
        Assert.That(ClientMessageReader.Read(Encoding.UTF8.GetBytes(json)), Is.EqualTo(new AckMessage(5)));

    [Test]
    public void Read_OptionalMembersNull_AreAbsent() => Assert.That(
        ClientMessageReader.Read("{\"type\":\"pong\",\"seq\":null,\"ts\":null}"u8),
        Is.EqualTo(new PongMessage(null, null)));

    [TestCase("""{"type":"ack","seq":0}""", true)]
    [TestCase("""{"type":"ack","seq":9007199254740991}""", true)]
    [TestCase("""{"type":"ack","seq":9007199254740992}""", false)]
    [TestCase("""{"type":"ack","seq":}""", false)]
    [TestCase("""{"type":"ack","seq":05}""", false)]
    [TestCase("""{"type":"ack","seq":-5}""", false)]
    [TestCase("""{"type":"ack","seq":5.0}""", false)]
    [TestCase("""{"type":"ack","seq":5,"x":1}""", false)]
    [TestCase("""{"type":"ack","seq":12345678901234567}""", false)]
    [TestCase("""{"type":"ack","seq":""", false)]
    [TestCase("", false)]
    public void TryReadAck_CompactFormOnly_IsRead(string json, bool read) =>
        Assert.That(ClientMessageReader.TryReadAck(Encoding.UTF8.GetBytes(json), out _), Is.EqualTo(read));

    [Test]
    public void TryReadAck_Always_AllocatesNothing()
    {
        var message = ClientMessageWriter.Ack(58);
        ClientMessageReader.TryReadAck(message, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            ClientMessageReader.TryReadAck(message, out _);
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [TestCase("""{"seq":58}""", 58)]
    [TestCase(""" { "other" : [1] , "seq" : 0 } """, 0)]
    [TestCase("""{"type":"ack","seq":9007199254740991}""", 9007199254740991)]
    public void ReadAck_WithOrWithoutItsType_IsRead(string json, long seq)
        => Assert.That(ClientMessageReader.ReadAck(Encoding.UTF8.GetBytes(json)), Is.EqualTo(new AckMessage(seq)));

    [TestCase("{}", "'ack' needs 'seq'")]
    [TestCase("""{"seq":-1}""", "'seq' must be an integer")]
    [TestCase("""{"seq":5,"seq":5}""", "'seq' occurs twice")]
    [TestCase("""{"seq":5}{}""", "JSON")]
    [TestCase("", "JSON")]
    [TestCase("""{"\ud800":1,"seq":5}""", "member name that is not Unicode")]
    public void ReadAck_Malformed_SaysWhatIsWrong(string json, string problem) => Assert.That(
        () => ClientMessageReader.ReadAck(Encoding.UTF8.GetBytes(json)),
        Throws.TypeOf<ProtocolViolationException>().With.Message.Contains(problem));
}
