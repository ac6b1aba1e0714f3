using System.Text.Json;
using FsCheck;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class ServerMessagePropertyTests
{
    [FsCheck.NUnit.Property]
    public bool Welcome_Written_IsReadBack(string text, DoNotSize<long> drawn, byte shift, bool resumed, uint interval)
    {
        var seq = Arbitrary.Seq(drawn, shift);
        var message = new WelcomeMessage(
            Arbitrary.Text(text), "u" + Arbitrary.Text(text), "e", seq, seq / 2, resumed, 1L + interval, 2L + interval, 3L + interval, 64);
        return ServerMessageReader.Read(ServerMessageWriter.Welcome(message)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Gap_Written_IsReadBack(DoNotSize<long> one, DoNotSize<long> other, byte shift, GapCause cause, bool replay, bool certain)
    {
        var (a, b) = (Math.Max(1, Arbitrary.Seq(one, shift)), Math.Max(1, Arbitrary.Seq(other, shift)));
        var message = new GapMessage(Math.Min(a, b), Math.Max(a, b), cause, replay, certain);
        return ServerMessageReader.Read(ServerMessageWriter.Gap(message)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Error_Written_IsReadBack(string text, uint time, string? thread, string? run, string? id, long number)
    {
        var message = new ErrorMessage(
            "log_full",
            Arbitrary.Text(text),
            "error",
            time + 0.123456,
            thread is null ? null : Arbitrary.Text(thread),
            run is null ? null : Arbitrary.Text(run),
            id is null ? null : Arbitrary.Text(id),
            number == 0 ? null : new Dictionary<string, long>(StringComparer.Ordinal) { ["limit"] = number, [Arbitrary.Text(text)] = 7 })
        {
            EventType = number == 1 ? null : "tool_completed",
            ToolName = thread is null ? null : Arbitrary.Text(thread),
            CallId = run is null ? null : Arbitrary.Text(run),
        };
        var read = (ErrorMessage)ServerMessageReader.Read(ServerMessageWriter.Error(message));
        return read with { Numbers = null } == message with { Numbers = null }
            && (read.Numbers ?? new Dictionary<string, long>(StringComparer.Ordinal)).Order(ByName)
                .SequenceEqual((message.Numbers ?? new Dictionary<string, long>(StringComparer.Ordinal)).Order(ByName));
    }

    [FsCheck.NUnit.Property]
    public bool Ping_Written_IsReadBack(DoNotSize<long> drawn, byte shift)
    {
        var ts = Arbitrary.Seq(drawn, shift);
        return ServerMessageReader.Read(ServerMessageWriter.Ping(ts)) == new PingMessage(ts);
    }

    [FsCheck.NUnit.Property]
    public bool Accepted_Written_IsReadBack(string id, string? run)
    {
        var message = new AcceptedMessage(Arbitrary.Text(id), run is null ? null : Arbitrary.Text(run));
        return ServerMessageReader.Read(ServerMessageWriter.Accepted(message.Id, message.RunId)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Reconnect_Written_IsReadBack(uint afterMs, string reason)
    {
        var message = new ReconnectMessage(afterMs, Arbitrary.Text(reason));
        return ServerMessageReader.Read(ServerMessageWriter.Reconnect(message.AfterMs, message.Reason)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Stay_Written_IsReadBack(string reason)
    {
        var message = new StayMessage(Arbitrary.Text(reason));
        return ServerMessageReader.Read(ServerMessageWriter.Stay(message.Reason)) == message;
    }

    [FsCheck.NUnit.Property]
    public bool Event_Written_IsReadBack(
        EventType type, bool known, DoNotSize<long> drawn, byte shift, string text, uint time, bool traced, byte redelivery, long number)
    {
        var message = new EventMessage(
            known ? EventTypes.WireName(type) : "x" + Arbitrary.Text(text),
            known ? type : null,
            Math.Max(1, Arbitrary.Seq(drawn, shift)),
            "id" + Arbitrary.Text(text),
            Arbitrary.Text(text),
            "r7",
            time + 0.123456,
            Arbitrary.Data(text, text, number),
            traced ? "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" : null,
            redelivery == 0 ? null : redelivery)
        {
            Attempt = known ? 1 : 1 + redelivery,
            FromSeq = known && Arbitrary.Seq(drawn, shift) > 1 ? Arbitrary.Seq(drawn, shift) / 2 : null,
            Run = redelivery % 2 == 0 ? null : new RunSummary(1L + redelivery, 1L + time, 2L + time),
            ReplayOf = traced ? "id-" + Arbitrary.Text(text) : null,
        };
        var read = (EventMessage)ServerMessageReader.Read(ServerMessageWriter.Event(message));
        return read with { Data = default } == message with { Data = default } && JsonElement.DeepEquals(read.Data, message.Data);
    }

    [FsCheck.NUnit.Property]
    public bool Read_UnknownMembers_AreIgnored(string text, uint drawn) => new (byte[] Written, ServerMessage Message)[]
    {
        (ServerMessageWriter.Ping(drawn), new PingMessage(drawn)),
        (ServerMessageWriter.Accepted("m1", "r7"), new AcceptedMessage("m1", "r7")),
        (ServerMessageWriter.Reconnect(drawn, "drain"), new ReconnectMessage(drawn, "drain")),
        (ServerMessageWriter.Stay("drain"), new StayMessage("drain")),
        Pair(new GapMessage(1, 1L + drawn, GapCause.ServerRestart, Replay: false, Certain: false), ServerMessageWriter.Gap),
        Pair(new WelcomeMessage("c", "u", "e", drawn, drawn, Resumed: true, 1, 2, 3, 4), ServerMessageWriter.Welcome),
        Pair(new ErrorMessage("c", "m", "error", drawn, "t", "r", "i"), ServerMessageWriter.Error),
    }.All(pair => ServerMessageReader.Read(Arbitrary.WithUnknownMembers(pair.Written, text)) == pair.Message);

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public void Read_AnyBytes_ThrowsNothingButViolations(byte[] bytes) => ReadAndForget(bytes);

    [FsCheck.NUnit.Property(MaxTest = 5000)]
    public void Read_NearlyRightBytes_ThrowsNothingButViolations(DoNotSize<int> seed, string text, long number)
    {
        byte[][] messages =
        [
            ServerMessageWriter.Ping(5),
            ServerMessageWriter.Accepted("m1", "r7"),
            ServerMessageWriter.Reconnect(5, "drain"),
            ServerMessageWriter.Stay("drain"),
            ServerMessageWriter.Gap(new GapMessage(1, 5, GapCause.Expired, Replay: false, Certain: true)),
            ServerMessageWriter.Welcome(new WelcomeMessage("c", "u", "e", 5, 5, Resumed: true, 1, 2, 3, 4)),
            ServerMessageWriter.Error(new ErrorMessage(
                "c",
                Arbitrary.Text(text),
                "error",
                5,
                Numbers: new Dictionary<string, long>(StringComparer.Ordinal) { ["a"] = number })),
            ServerMessageWriter.Event(
                new EventMessage("token", EventType.Token, 5, "i", "t", "r", 5, Arbitrary.Data(text, text, number), Redelivery: 1)),
        ];
        ReadAndForget(Arbitrary.Mutated(messages[(uint)seed.Item % messages.Length], seed));
    }

    private static readonly Comparer<KeyValuePair<string, long>> ByName =
        Comparer<KeyValuePair<string, long>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key));

    private static (byte[] Written, ServerMessage Message) Pair<T>(T message, Func<T, byte[]> write)
        where T : ServerMessage => (write(message), message);

    private static void ReadAndForget(byte[] bytes)
    {
        try
        {
            if (ServerMessageReader.Read(bytes) is EventMessage message)
            {
                // What was let through can be used: text that is not Unicode would throw here.
                using var json = new Utf8JsonWriter(Stream.Null);
                message.Data.WriteTo(json);
            }
        }
        catch (ProtocolViolationException)
        {
            // What is not right is refused, with nothing else.
        }
    }
}
