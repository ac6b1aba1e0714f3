using System.Diagnostics.Metrics;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Commands;

/// <summary>What becomes of commands. Safe from any thread.</summary>
internal sealed class CommandMetrics
{
    private static readonly CommandKind[] Kinds = Enum.GetValues<CommandKind>();
    private readonly long[] _untaken = new long[Kinds.Length];
    private readonly Counter<long> _commands;
    private readonly Histogram<double> _time;

    public CommandMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(PipelineMeter.Name);
        meter.CreateObservableUpDownCounter(
            "netra.command.untaken",
            () => Kinds.Select(kind => new Measurement<long>(UntakenOf(kind), Tag(kind))),
            "{command}",
            "Commands of publishers that no backend has taken.");
        _commands = meter.CreateCounter<long>("netra.commands", "{command}", "Commands of publishers that were settled.");
        _time = meter.CreateHistogram<double>("netra.command.time_to_taken", "s", "From when a command was offered until it was taken.");
    }

    /// <summary>How many commands of a kind are untaken.</summary>
    public long UntakenOf(CommandKind kind) => Interlocked.Read(ref _untaken[(int)kind]);

    /// <summary>A command is offered.</summary>
    public void OnOffered(CommandKind kind) => Interlocked.Increment(ref _untaken[(int)kind]);

    /// <summary>An offered command is offered no more.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="outcome">What became of it: <c>taken</c>, <c>expired</c> or <c>withdrawn</c>.</param>
    public void OnSettled(CommandKind kind, string outcome)
    {
        Interlocked.Decrement(ref _untaken[(int)kind]);
        _commands.Add(1, Tag(kind), new KeyValuePair<string, object?>("netra.outcome", outcome));
    }

    /// <summary>A command was taken.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="after">How long after it was offered.</param>
    public void OnTaken(CommandKind kind, TimeSpan after) => _time.Record(after.TotalSeconds, Tag(kind));

    private static KeyValuePair<string, object?> Tag(CommandKind kind) => new("netra.command", CommandKinds.WireName(kind));
}
