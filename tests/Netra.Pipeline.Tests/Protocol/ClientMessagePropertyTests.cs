using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class ClientMessagePropertyTests
{
    [FsCheck.NUnit.Property]
    public bool Ack_Written_IsReadBack(DoNotSize<long> drawn, byte shift)
    {
        var seq = Arbitrary.Seq(drawn, shift);
        var written = ClientMessageWriter.Ack(seq);
        return ClientMessageReader.Read(written) == new AckMessage(seq)
            && ClientMessageReader.TryReadAck(written, out var fast)
            && fast == seq;
    }

    [FsCheck.NUnit.Property]
    public bool Pong_Written_IsReadBack(DoNotSize<long> seq, DoNotSize<long> ts, bool withSeq, bool withTs, byte shift)
    {
        var message = new PongMessage(
            withSeq ? Arbitrary.Seq(seq, shift) : null,
            withTs ? Arbitrary.Seq(ts, shift) : null);
        return ClientMessageReader.Read(ClientMessageWriter.Pong(message)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Replay_Written_IsReadBack(DoNotSize<long> one, DoNotSize<long> other, byte shift)
    {
        var (a, b) = (Math.Max(1, Arbitrary.Seq(one, shift)), Math.Max(1, Arbitrary.Seq(other, shift)));
        var message = new ReplayMessage(Math.Min(a, b), Math.Max(a, b));
        return ClientMessageReader.Read(ClientMessageWriter.Replay(message)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Chat_Written_IsReadBack(string id, string thread, string content, bool withData, long number)
    {
        JsonElement? data = withData ? Arbitrary.Data(thread, content, number) : null;
        var message = new ChatMessage(Arbitrary.MessageId(id), Arbitrary.Text(thread), Arbitrary.Text(content), data);
        var read = (ChatMessage)ClientMessageReader.Read(ClientMessageWriter.Chat(message));
        return read with { Data = null } == message with { Data = null }
            && (data is { } expected ? JsonElement.DeepEquals(expected, read.Data!.Value) : read.Data is null);
    }

    [FsCheck.NUnit.Property]
    public bool CancelRun_Written_IsReadBack(string id, string thread, string run)
    {
        var message = new CancelRunMessage(Arbitrary.MessageId(id), Arbitrary.Text(thread), Arbitrary.Text(run));
        return ClientMessageReader.Read(ClientMessageWriter.CancelRun(message)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Read_UnknownMembers_AreIgnored(DoNotSize<long> one, string text, byte shift)
    {
        var seq = Math.Max(1, Arbitrary.Seq(one, shift));
        return new ClientMessage[]
        {
            new AckMessage(seq),
            new PongMessage(seq, seq),
            new ReplayMessage(seq, seq),
            new ChatMessage(Arbitrary.MessageId(text), Arbitrary.Text(text), Arbitrary.Text(text)),
            new CancelRunMessage(Arbitrary.MessageId(text), Arbitrary.Text(text), Arbitrary.Text(text)),
        }.All(message => ClientMessageReader.Read(Arbitrary.WithUnknownMembers(ClientMessageWriter.Write(message), text)) == message);
    }

    [FsCheck.NUnit.Property]
    public bool Read_UnknownType_IsReturned(string type)
    {
        var written = JsonSerializer.SerializeToUtf8Bytes(new { seq = "any", type = "x" + Arbitrary.Text(type) });
        return ClientMessageReader.Read(written) == new UnknownClientMessage("x" + Arbitrary.Text(type));
    }

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public void Read_AnyBytes_ThrowsNothingButViolations(byte[] bytes) => ReadAndForget(bytes);

    [FsCheck.NUnit.Property(MaxTest = 5000)]
    public void Read_NearlyRightBytes_ThrowsNothingButViolations(DoNotSize<int> seed, string text, long number)
    {
        ClientMessage[] messages =
        [
            new AckMessage(57),
            new PongMessage(57, 3),
            new ReplayMessage(5, 57),
            new ChatMessage("m1", "t1", Arbitrary.Text(text), Arbitrary.Data("name", text, number)),
            new CancelRunMessage("m1", "t1", "r7"),
        ];
        ReadAndForget(Arbitrary.Mutated(ClientMessageWriter.Write(messages[(uint)seed.Item % messages.Length]), seed));
    }

    /// <summary>Reads what a client may have sent: what is let through can be used, and both readers agree on acknowledgements.</summary>
    internal static void ReadAndForget(byte[] bytes)
    {
        try
        {
            var message = ClientMessageReader.Read(bytes);
            if (message is ChatMessage { Data: { } data })
            {
                // What was let through can be used: text that is not Unicode would throw here.
                using var json = new Utf8JsonWriter(Stream.Null);
                data.WriteTo(json);
            }

            Assert.That(ClientMessageReader.TryReadAck(bytes, out var seq), Is.False.Or.EqualTo(message == new AckMessage(seq)));
        }
        catch (ProtocolViolationException)
        {
            Assert.That(ClientMessageReader.TryReadAck(bytes, out _), Is.False);
        }
    }
}
