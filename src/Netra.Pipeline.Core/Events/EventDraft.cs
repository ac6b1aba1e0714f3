using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Events;

/// <summary>
/// An encoded event that lacks only its head: owner tag, room for <c>{"seq":…,"id":"…",</c>, body. The one allocation of an event is made
/// here, before the stream's lock, with room for as many digits as the next number is expected to have; a stream that has crossed a power
/// of ten meanwhile makes a new one.
/// </summary>
internal readonly struct EventDraft
{
    private const int KeyLength = 13;
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    // More than the run's summary ever takes.
    private const int MaxSummaryLength = 128;

    // The first one is no power: 0 has one digit too.
    private static readonly long[] PowersOfTen =
    [
        0, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000,
        1_000_000_000_000_000_000,
    ];

    private readonly byte[] _buffer;
    private readonly int _bodyStart;

    /// <param name="type">The event's type.</param>
    /// <param name="acceptedAt">When it is accepted.</param>
    /// <param name="ownerTag">The tag of the user whom the emitter's context names.</param>
    /// <param name="body">The envelope from <c>"type"</c> to the closing brace.</param>
    /// <param name="expectedSeq">The number it will probably get.</param>
    public EventDraft(EventType type, DateTimeOffset acceptedAt, ulong ownerTag, ReadOnlySpan<byte> body, long expectedSeq)
    {
        (Type, AcceptedAt, Attempt) = (type, acceptedAt, 1);
        _bodyStart = OwnerTag.Length + HeadLength(Digits(expectedSeq));
        _buffer = GC.AllocateUninitializedArray<byte>(_bodyStart + body.Length);
        OwnerTag.Write(_buffer, ownerTag);
        body.CopyTo(_buffer.AsSpan(_bodyStart));
    }

    public EventType Type { get; }

    public DateTimeOffset AcceptedAt { get; private init; }

    /// <summary>The same moment as a timestamp: from there it is measured how long things take, since the wall clock may leap.</summary>
    public long Timestamp { get; init; }

    /// <summary>The same event, accepted at another time than it was made.</summary>
    public EventDraft AcceptedAgainAt(DateTimeOffset time, long timestamp) => this with { AcceptedAt = time, Timestamp = timestamp };

    /// <summary>The request that publishes it from outside of the process; null for an event of the process.</summary>
    public RunPublisher? Publisher { get; init; }

    /// <summary>What the event says of its run as a whole; null for all but its beginning.</summary>
    public RunDeclaration? Declared { get; init; }

    /// <summary>The thread of an event outside of any run; null for an event of a run.</summary>
    public EventThread? Thread { get; init; }

    /// <summary>The attempt of its run that its envelope names.</summary>
    public int Attempt { get; init; }

    /// <summary>Whether it says that it begins that attempt.</summary>
    public bool BeginsAttempt { get; init; }

    /// <summary>The length that the whole buffer has under a number, or a little more.</summary>
    public int LengthAt(long seq)
        => _buffer.Length - _bodyStart + OwnerTag.Length + HeadLength(Digits(seq)) + (EventTypes.IsTerminal(Type) ? MaxSummaryLength : 0);

    /// <summary>The length of an event's head under a number, up to its type; a terminal one has its run's summary there.</summary>
    public static int HeadLengthAt(long seq) => HeadLength(Digits(seq));

    /// <summary>The key that event ids begin with: 13 characters of lower-case Crockford base 32.</summary>
    public static byte[] KeyOf(ulong streamId)
    {
        var key = new byte[KeyLength];
        for (var i = KeyLength - 1; i >= 0; i--)
        {
            key[i] = (byte)Alphabet[(int)(streamId & 31)];
            streamId >>= 5;
        }

        return key;
    }

    public static string IdOf(ReadOnlySpan<byte> key, long seq) => $"{Encoding.ASCII.GetString(key)}-{seq}";

    /// <summary>
    /// Takes an event's id apart. Strict: every other spelling of the same numbers is no id, so that one event has one id.
    /// </summary>
    /// <param name="id">What may be an id.</param>
    /// <param name="streamId">The stream that its key names.</param>
    /// <param name="seq">The event's number.</param>
    /// <returns>Whether it is an id, as <see cref="IdOf"/> writes them.</returns>
    public static bool TryParseId(ReadOnlySpan<char> id, out ulong streamId, out long seq)
    {
        (streamId, seq) = (0, 0);
        if (id.Length <= KeyLength + 1 || id[KeyLength] != '-' || Alphabet.IndexOf(id[0], StringComparison.Ordinal) > 15)
        {
            // 13 characters have one bit more than a stream's number: the first one is half as large as the others.
            return false;
        }

        foreach (var character in id[..KeyLength])
        {
            if (Alphabet.IndexOf(character, StringComparison.Ordinal) is not (>= 0 and var value))
            {
                return false;
            }

            streamId = (streamId << 5) | (uint)value;
        }

        // The parser would pass over zeros in front, and over NULs at the end.
        var number = id[(KeyLength + 1)..];
        return number[0] != '0'
            && !number.ContainsAnyExceptInRange('0', '9')
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out seq)
            && seq <= ProtocolConstants.MaxSeq;
    }

    /// <summary>Writes number and id. Called once, under the stream's lock.</summary>
    /// <param name="key">The stream's key.</param>
    /// <param name="seq">The number.</param>
    /// <param name="summary">What a terminal event says of its run; it costs a second buffer, once a run.</param>
    /// <returns>The finished buffer.</returns>
    public byte[] Complete(ReadOnlySpan<byte> key, long seq, RunSummary? summary = null)
    {
        var buffer = _buffer;
        var digits = Digits(seq);
        var member = summary is { } run ? MemberOf(run) : [];
        var bodyStart = OwnerTag.Length + HeadLength(digits) + member.Length;
        if (bodyStart != _bodyStart)
        {
            buffer = GC.AllocateUninitializedArray<byte>(_buffer.Length - _bodyStart + bodyStart);
            _buffer.AsSpan(0, OwnerTag.Length).CopyTo(buffer);
            _buffer.AsSpan(_bodyStart).CopyTo(buffer.AsSpan(bodyStart));
        }

        var head = buffer.AsSpan(OwnerTag.Length, bodyStart - OwnerTag.Length);
        "{\"seq\":"u8.CopyTo(head);
        var number = head.Slice(7, digits);
        Utf8Formatter.TryFormat(seq, number, out _);
        head = head[(7 + digits)..];
        ",\"id\":\""u8.CopyTo(head);
        key.CopyTo(head[7..]);
        head = head[(7 + KeyLength)..];
        head[0] = (byte)'-';
        number.CopyTo(head[1..]);
        "\","u8.CopyTo(head[(1 + digits)..]);
        member.CopyTo(head[(1 + digits + 2)..]);
        return buffer;
    }

    private static byte[] MemberOf(RunSummary run)
        => Encoding.ASCII.GetBytes($"\"run\":{{\"events\":{run.Events},\"first_seq\":{run.FirstSeq},\"last_seq\":{run.LastSeq}}},");

    private static int HeadLength(int digits) => 7 + digits + 7 + KeyLength + 1 + digits + 2;

    private static int Digits(long seq)
    {
        // A bit is 1233 / 4096 of a digit: enough for all numbers to be estimated right or one too low.
        var estimate = ((BitOperations.Log2((ulong)seq) + 1) * 1233) >> 12;
        return estimate + (seq >= PowersOfTen[estimate] ? 1 : 0);
    }
}
