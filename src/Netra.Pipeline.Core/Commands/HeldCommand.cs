using System.Buffers;
using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Runs;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Commands;

/// <summary>A command of a publisher from before it is stored until it is settled. The registry's lock guards what changes.</summary>
/// <param name="command">What is wanted.</param>
/// <param name="request">The request that published to its run last, where that is known.</param>
internal sealed class HeldCommand(NewCommand command, RunPublisher? request)
{
    /// <summary>Those that are looked at first.</summary>
    public static readonly IComparer<HeldCommand> ByLook = Comparer<HeldCommand>.Create(static (left, right)
        => left.LookAt != right.LookAt ? left.LookAt.CompareTo(right.LookAt) : left.Number.CompareTo(right.Number));

    private readonly TaskCompletionSource<bool> _offered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[]? _line;

    public NewCommand Command => command;

    /// <summary>Whose it is.</summary>
    public string Publisher { get; } = command.Publisher ?? throw new ArgumentException("It is of no publisher.", nameof(command));

    /// <summary>The run that it is about; null for none.</summary>
    public RunKey? Run { get; } = command.RunId is { } runId ? new RunKey(command.UserId, command.ThreadId, runId) : null;

    /// <inheritdoc cref="HeldCommand(NewCommand, RunPublisher?)"/>
    public RunPublisher? Request => request;

    /// <summary>Its id; empty until it is stored.</summary>
    public string Id { get; set; } = string.Empty;

    public HeldState State { get; set; }

    /// <summary>Its run ended while it was being settled: it is not to be offered again.</summary>
    public bool IsPointless { get; set; }

    /// <summary>Since when it is offered, in ticks of the runs' clock.</summary>
    public long Since { get; set; }

    /// <summary>When it is looked at next, in the same ticks; changed only while it is not among those that are to be looked at.</summary>
    public long LookAt { get; set; }

    /// <summary>The how manieth command of the registry it is.</summary>
    public long Number { get; set; }

    /// <summary>Its place among those of its publisher; null once it is settled.</summary>
    public LinkedListNode<HeldCommand>? Place { get; set; }

    /// <summary>The reader that has it; null for none.</summary>
    public CommandReader? Holder { get; set; }

    /// <summary>The reader that had it last and did not acknowledge it.</summary>
    public CommandReader? MissedBy { get; set; }

    /// <summary>Until when the reader has it.</summary>
    public long LeasedUntil { get; set; }

    /// <summary>Its place among what its reader has not written yet; null once it has.</summary>
    public LinkedListNode<HeldCommand>? Unwritten { get; set; }

    /// <summary>Completes when it is known whether it is offered: it was stored, and its run goes on.</summary>
    public Task<bool> Offered => _offered.Task;

    /// <summary>The acknowledgement that is being stored; null for none.</summary>
    public Task<bool>? Taking { get; set; }

    /// <summary>What its readers get: the same bytes each time.</summary>
    public ReadOnlyMemory<byte> Line => _line ??= Encode();

    public void DecideOffered(bool isOffered) => _offered.TrySetResult(isOffered);

    private byte[] Encode()
    {
        var line = new ArrayBufferWriter<byte>(128 + Command.Members.Length);
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("command"u8, CommandKinds.WireName(Command.Kind));
            json.WriteString("command_id"u8, Id);
        }

        // The members' object, opened.
        line.Write(","u8);
        line.Write(Command.Members.Span[1..]);
        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }
}

/// <summary>How far a command of a publisher is.</summary>
internal enum HeldState
{
    /// <summary>It has its place, and is being stored.</summary>
    Reserved,

    /// <summary>It is offered to readers.</summary>
    Untaken,

    /// <summary>It was acknowledged, and that is being stored.</summary>
    Taking,

    /// <summary>Its time is over, and that is being said.</summary>
    Expiring,

    /// <summary>It was taken, has expired, or became pointless.</summary>
    Settled,
}
