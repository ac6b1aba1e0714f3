using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// A client on a bare socket that comes with any cursor and leaves in the middle of anything, with a reset and without
/// a close frame. One thread at a time.
/// </summary>
internal sealed class RudeVisitor(string name, IReadOnlyList<string> users, int seed, Journal journal)
{
    private const long FarAhead = 1_000_000_000;

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, WelcomeMessage> _known = new(StringComparer.Ordinal);

    /// <summary>How many events it got before it left.</summary>
    public long Events { get; private set; }

    /// <summary>How often it came with a cursor that the server could not go on from.</summary>
    public int Strange { get; private set; }

    public async Task DropInAsync(ServerLife life)
    {
        var user = users[_random.Next(users.Count)];
        await using var peer = await RawPeer.ConnectAsync(life.Port, receiveBuffer: _random.Next(3) == 0 ? SmallReceiveBuffer.Bytes : null);
        var handshake = RawPeer.Handshake(user, "&seq=0");
        switch (_random.Next(10))
        {
            case 0:
                // Not a byte.
                break;
            case 1:
                await peer.SendAsync(handshake[.._random.Next(1, handshake.Length)]);
                break;
            case 2:
                await peer.SendAsync(handshake);
                break;
            default:
                await ReadAWhileAsync(peer, user, life);
                break;
        }

        peer.Reset();
    }

    private async Task ReadAWhileAsync(RawPeer peer, string user, ServerLife life)
    {
        var (query, resumes, cursor) = Choose(user);
        await peer.SendAsync(RawPeer.Handshake(user, query));
        var response = await peer.ReadResponseAsync();
        if (response?.Status != 101)
        {
            journal.Violation($"{name}, life {life.Number}: the handshake of {user} with {query} was answered with {response?.Status}.");
            return;
        }

        var next = cursor + 1;
        for (var left = _random.Next(40); left > 0; left--)
        {
            if (await peer.ReadFrameAsync() is not { } frame || frame.Opcode == RawFrame.Close)
            {
                journal.Violation($"{name}, life {life.Number}: {user} with {query} was cut off before {next} while it read.");
                return;
            }

            switch (frame.Opcode == RawFrame.Text ? ServerMessageReader.Read(frame.Payload) : null)
            {
                case WelcomeMessage welcome:
                    _known[user] = welcome;
                    next = resumes ? next : welcome.From + 1;
                    Require(welcome.Resumed == resumes, life, $"{user} with {query} got {welcome}");
                    break;
                case EventMessage numbered:
                    Events++;
                    journal.See(Sighting.Of(user, numbered, frame.Payload), name);
                    Require(numbered.Seq == next, life, $"{user} with {query} got number {numbered.Seq} where {next} was due");
                    next = numbered.Seq + 1;
                    break;
                case GapMessage gap:
                    Require(gap.From == next && gap.Replay, life, $"{user} with {query} got {gap} where {next} was due");
                    break;
            }

            if (_random.Next(50) == 0)
            {
                // Half a frame is all that ever comes.
                var ack = RawFrame.Encode(RawFrame.Text, ClientMessageWriter.Ack(next - 1));
                await peer.TrySendAsync(ack.AsMemory(0, _random.Next(1, ack.Length)));
                return;
            }
        }
    }

    // Where it wants to go on, and whether its history is the server's.
    private (string Query, bool Resumes, long Cursor) Choose(string user)
    {
        if (!_known.TryGetValue(user, out var known) || _random.Next(4) == 0)
        {
            return ("&seq=0", false, 0);
        }

        var old = _random.NextInt64(known.Seq + 1);
        switch (_random.Next(4))
        {
            case 0:
                Strange++;
                return ($"&seq={known.Seq + FarAhead}&epoch={known.Epoch}", false, 0);
            case 1:
                Strange++;
                return ($"&seq={old}&epoch=another-{known.Epoch}", false, 0);
            default:
                // It covers nothing but what it is sent, since it has not handled what was before.
                return ($"&seq={old}&epoch={known.Epoch}&from={old}", true, old);
        }
    }

    private void Require(bool holds, ServerLife life, string otherwise)
    {
        if (!holds)
        {
            journal.Violation($"{name}, life {life.Number}: {otherwise}.");
        }
    }
}
