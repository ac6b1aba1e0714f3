using System.Globalization;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>
/// What a client makes of what it is sent, by the letter of docs/protocol.md (sections 2.2, 3.2 and 4), and whatever it must complain
/// about. It outlives its connections. One thread at a time.
/// </summary>
internal sealed class ReaderProtocol(string name, string userId, bool fromNow, Journal journal)
{
    private readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);
    private ProcessedNumbers _processed = new(cursor: 0);
    private string? _epoch;
    private long _from;
    private long _next;

    /// <summary>Where what it knows begins; null before its first welcome.</summary>
    public long? Start { get; private set; }

    public long Cursor => _processed.Cursor;

    /// <summary>The events that its application has handled, in the order of handling.</summary>
    public List<Sighting> Handled { get; } = [];

    public List<GapMessage> Gaps { get; } = [];

    /// <summary>How many events it was sent that it was done with already.</summary>
    public int Duplicates { get; private set; }

    /// <summary>What it adds to the address to go on where it stands.</summary>
    public string Query => _epoch is not null ? string.Create(CultureInfo.InvariantCulture, $"&seq={Cursor}&epoch={_epoch}&from={_from}")
        : fromNow ? string.Empty
        : "&seq=0";

    public void OnWelcome(WelcomeMessage welcome, ServerLife life)
    {
        if (welcome.UserId != userId)
        {
            Complain(life, $"was welcomed as {welcome.UserId}");
        }

        if (_epoch is null)
        {
            Require(life, !welcome.Resumed, "was resumed although it brought no history");
            Begin(welcome);
        }
        else if (!welcome.Resumed)
        {
            Complain(life, $"was not resumed at {Cursor} of epoch {_epoch}; the head is {welcome.Seq} of epoch {welcome.Epoch}");
            Begin(welcome);
        }
        else
        {
            Require(life, welcome.Epoch == _epoch, $"was resumed in epoch {welcome.Epoch} instead of {_epoch}");
            Require(life, welcome.Seq >= Cursor, $"was resumed at {Cursor}, above the head {welcome.Seq}");
            Require(life, welcome.From <= Cursor, $"covers from {welcome.From}, above its cursor {Cursor}");
        }

        (_epoch, _from, _next) = (welcome.Epoch, welcome.From, Cursor + 1);
    }

    /// <returns>Whether the event has to be acknowledged at once.</returns>
    public bool OnEvent(EventMessage numbered, ReadOnlyMemory<byte> message, ServerLife life)
    {
        var seen = journal.See(Sighting.Of(userId, numbered, message), name);
        if (numbered.Redelivery is null)
        {
            Require(life, numbered.Seq >= _next, $"got number {numbered.Seq} again, without redelivery, where {_next} was due");
            Require(life, numbered.Seq <= _next, $"got number {numbered.Seq} where {_next} was due, without a gap");
            _next = Math.Max(_next, numbered.Seq + 1);
        }

        if (_processed.Contains(numbered.Seq))
        {
            Duplicates++;
            return false;
        }

        if (!_ids.TryAdd(seen.Id, seen.Seq))
        {
            Complain(life, $"handled event {seen.Id} as number {_ids[seen.Id]} and again as number {seen.Seq}");
        }

        Handled.Add(seen);
        _processed.Add(numbered.Seq, numbered.Seq);
        return numbered.EventType is { } type && EventTypes.IsCritical(type);
    }

    public void OnGap(GapMessage gap, ServerLife life)
    {
        Gaps.Add(gap);
        Require(life, gap.From == _next, $"got {gap} out of order, where {_next} was due");
        Require(life, gap.To >= gap.From, $"got {gap}, which is empty");
        Require(life, gap.Replay == (gap.Cause == GapCause.Overflow), $"got {gap}: only what overflowed comes again");
        Require(life, gap.Certain == (gap.Cause != GapCause.ServerRestart), $"got {gap}: only a restart is uncertain");
        if (!gap.Replay)
        {
            _processed.Add(gap.From, gap.To);
            _next = Math.Max(_next, gap.To + 1);
        }
    }

    public void Complain(ServerLife life, string what) => journal.Violation($"{name}, life {life.Number}: {what}.");

    private void Begin(WelcomeMessage welcome)
    {
        Start ??= welcome.From;
        _processed = new ProcessedNumbers(welcome.From);
    }

    private void Require(ServerLife life, bool holds, string otherwise)
    {
        if (!holds)
        {
            Complain(life, otherwise);
        }
    }
}
