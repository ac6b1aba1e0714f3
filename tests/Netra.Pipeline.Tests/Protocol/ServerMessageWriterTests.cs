using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class ServerMessageWriterTests
{
    [Test]
    public void Write_EveryMessage_IsAsDocumented()
    {
        Assert.Multiple(() =>
        {
            Assert.That(
                Text(ServerMessageWriter.Welcome(
                    new WelcomeMessage("c-9f2", "ada", "Zk3f", 57, 17, Resumed: true, 15000, 10000, 1000, 64))),
                Is.EqualTo(
                    """{"type":"welcome","connection_id":"c-9f2","user_id":"ada","epoch":"Zk3f","seq":57,"from":17,"resumed":true,""" +
                    "\"ping_interval_ms\":15000,\"ping_timeout_ms\":10000,\"ack_interval_ms\":1000,\"ack_every\":64}"));
            Assert.That(
                Text(ServerMessageWriter.Gap(new GapMessage(5, 9, GapCause.ServerRestart, Replay: false, Certain: false))),
                Is.EqualTo("""{"type":"gap","from":5,"to":9,"cause":"server_restart","replay":false,"certain":false}"""));
            Assert.That(
                Text(ServerMessageWriter.Error(new ErrorMessage("log_full", "zu voll: <5>", "error", 1763784000.123456))),
                Is.EqualTo(
                    """{"type":"error","code":"log_full","message":"zu voll: <5>","severity":"error","timestamp":1763784000.123456}"""));
            Assert.That(Text(ServerMessageWriter.Ping(3)), Is.EqualTo("""{"type":"ping","ts":3}"""));
            Assert.That(Text(ServerMessageWriter.Accepted("m1")), Is.EqualTo("""{"type":"accepted","id":"m1"}"""));
            Assert.That(
                Text(ServerMessageWriter.Reconnect(250, "drain")), Is.EqualTo("""{"type":"reconnect","after_ms":250,"reason":"drain"}"""));
        });
    }

    [Test]
    public void Write_OutOfRange_Throws()
    {
        Assert.That(() => ServerMessageWriter.Ping(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => ServerMessageWriter.Reconnect(-1, "drain"), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => ServerMessageWriter.Gap(new GapMessage(1, 1, (GapCause)9, Replay: true, Certain: true)),
            Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Write_AfterAWriteThatFailed_IsNotDisturbed()
    {
        Assert.That(
            () => ServerMessageWriter.Gap(new GapMessage(1, 1, (GapCause)9, Replay: true, Certain: true)),
            Throws.TypeOf<ArgumentOutOfRangeException>());

        Assert.That(Text(ServerMessageWriter.Ping(3)), Is.EqualTo("""{"type":"ping","ts":3}"""));
    }

    [Test]
    public void Write_HugeThenSmall_AreBothRight()
    {
        var huge = new string('x', 200_000);

        Assert.That(Text(ServerMessageWriter.Reconnect(1, huge)), Has.Length.GreaterThan(200_000));
        Assert.That(Text(ServerMessageWriter.Ping(3)), Is.EqualTo("""{"type":"ping","ts":3}"""));
    }

    [Test]
    public void Write_HalfASurrogatePair_IsReplaced() => Assert.That(
        ((ReconnectMessage)ServerMessageReader.Read(ServerMessageWriter.Reconnect(1, "a\ud83d b"))).Reason,
        Is.EqualTo("a\ufffd b"));

    private static string Text(byte[] message) => Encoding.UTF8.GetString(message);
}
