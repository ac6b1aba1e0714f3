using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class ClientMessageWriterTests
{
    [Test]
    public void Write_EveryMessage_IsAsDocumented()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Text(new AckMessage(58)), Is.EqualTo("""{"type":"ack","seq":58}"""));
            Assert.That(Text(new PongMessage(58, 3)), Is.EqualTo("""{"type":"pong","seq":58,"ts":3}"""));
            Assert.That(Text(new PongMessage(null, null)), Is.EqualTo("""{"type":"pong"}"""));
            Assert.That(Text(new ReplayMessage(5, 9)), Is.EqualTo("""{"type":"replay","from":5,"to":9}"""));
            Assert.That(
                Text(new ChatMessage("m1", "t1", "Grüße <b>")),
                Is.EqualTo("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"Grüße <b>"}"""));
            Assert.That(
                Text(new CancelRunMessage("m1", "t1", "r7")),
                Is.EqualTo("""{"type":"cancel_run","id":"m1","thread_id":"t1","run_id":"r7"}"""));
        });
    }

    [Test]
    public void Write_OutOfRange_Throws()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => ClientMessageWriter.Ack(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ClientMessageWriter.Ack(ProtocolConstants.MaxSeq + 1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ClientMessageWriter.Pong(new PongMessage(-1, null)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ClientMessageWriter.Replay(new ReplayMessage(5, 4)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ClientMessageWriter.Replay(new ReplayMessage(0, 4)), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => ClientMessageWriter.Chat(new ChatMessage("", "t", "c")), Throws.TypeOf<ProtocolViolationException>());
            Assert.That(() => ClientMessageWriter.Write(new UnknownClientMessage("x")), Throws.ArgumentException);
        });
    }

    private static string Text(ClientMessage message) => Encoding.UTF8.GetString(ClientMessageWriter.Write(message));
}
