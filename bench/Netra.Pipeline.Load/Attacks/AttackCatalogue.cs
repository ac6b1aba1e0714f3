using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Attacks;

/// <summary>All attacks, in the order in which they are run.</summary>
internal static class AttackCatalogue
{
    private static readonly Attack[] All =
    [
        new SilentConnections(),
        new IdleRequests(),
        new SlowHandshakes(),
        new RandomBytes(),
        new TlsHello(),
        new Smuggling(),
        new ForeignPages(),
        new MadeUpCredentials(),
        new HandshakeFlood(),
        new FrameFlood("pongs", "8 pages send pongs without end", Frames.Of(ClientFrame.Pong, [])),
        new FrameFlood("pings", "8 pages send pings without end, and read the answers", Frames.Of(ClientFrame.Ping, [])),
        new FrameFlood(
            "fragments",
            "8 pages send a message in empty fragments without end",
            Frames.Of(ClientFrame.Continuation, [], isFinal: false),
            Frames.Of(ClientFrame.Text, [], isFinal: false)),
        new FrameFlood("acks", "8 pages send acks of nothing without end", Frames.Text("""{"type":"ack","seq":0}""")),
        new FrameFlood("unknown-messages", "8 pages send messages of an unknown type without end", Frames.Text("""{"type":"nothing"}""")),
        new FrameFlood(
            "chat-messages",
            "8 pages send messages for the backend without end",
            Frames.Text("""{"type":"chat_message","id":"1","thread_id":"t","content":"x"}""")),
        new FrameFlood(
            "large-messages",
            "8 pages send messages of 60 KB without end",
            Frames.Text($$"""{"type":"nothing","text":"{{new string('x', 60_000)}}"}""")),
        new OneByteTexts(),
        new BrokenFrames(),
        new NeverReading(),
        new ReplayStorm(),
        new LineFlood("junk-lines", "4 publishers send lines of 2 bytes that are no JSON", static _ => "{}\n"),
        new LineFlood(
            "refused-lines",
            "4 publishers send lines of an unknown type for a user who is reading",
            static user => AttackTarget.Event(user, "r", "nothing", "{}") + "\n",
            hasReader: true),
        new SingleEvents(),
        new AbandonedRuns(),
        new LongLine(),
        new DeepJson(),
        new GzipBomb(),
        new EscapedNames(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(static attack => attack.Name)];

    /// <summary>Those of some names; all of them where there is none.</summary>
    public static IEnumerable<Attack> Of(IReadOnlyList<string> names)
        => All.Where(attack => names.Count == 0 || names.Contains(attack.Name));
}
