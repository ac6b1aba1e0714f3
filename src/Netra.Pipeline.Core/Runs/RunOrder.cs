using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Runs;

/// <summary>
/// The order of a run's lifecycle events, and the tools that are open. A state machine on the times it is given. Not thread-safe; the lock
/// of the run's life guards it.
/// </summary>
internal sealed class RunOrder
{
    // More open calls than this are not told apart: it must not grow with a run that only ever begins tools.
    private const int MaxOpenTools = 256;

    private Dictionary<string, OpenTool>? _named;
    private Dictionary<string, List<OpenTool>>? _unnamed;
    private HashSet<(string? CallId, string? Name)>? _endedByServer;
    private int _openTools;
    private bool _hasStarted;
    private bool _isPartial;
    private bool _isAmbiguous;

    /// <summary>Whether a tool is open that was reported as stuck.</summary>
    public bool HasReported => _openTools > 0 && Tools.Any(static tool => tool.IsReported);

    private IEnumerable<OpenTool> Tools
        => (_named?.Values ?? Enumerable.Empty<OpenTool>()).Concat(_unnamed?.Values.SelectMany(static calls => calls) ?? []);

    /// <summary>It began before this process, or on another node: it is not judged by events that were never seen here.</summary>
    public void BecomePartial() => (_isPartial, _hasStarted) = (true, true);

    /// <summary>Another attempt begins: nothing of the earlier one is open.</summary>
    public void Reset()
    {
        (_named, _unnamed, _endedByServer, _openTools) = (null, null, null, 0);
        (_hasStarted, _isPartial, _isAmbiguous) = (false, false, false);
    }

    /// <summary>Judges the next lifecycle event.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="subject">What it names.</param>
    /// <param name="working">The run's working time.</param>
    public FlowViolation Judge(EventType type, in EventSubject subject, long working)
    {
        switch (type)
        {
            case EventType.AgentStarted:
                var twice = _hasStarted && !_isPartial;
                _hasStarted = true;
                return twice ? FlowViolation.StartedTwice : FlowViolation.None;
            case EventType.ToolExecuting:
                return Require(Open(subject, working));
            case EventType.ToolCompleted:
                return Require(Close(subject));
            case EventType.AgentCompleted or EventType.AgentFailed or EventType.AgentCancelled:
                return Require(_openTools > 0 && type == EventType.AgentCompleted ? FlowViolation.ToolNotCompleted : FlowViolation.None);
            case EventType.AgentThinking or EventType.RunWaiting:
                return Require(FlowViolation.None);
            case EventType.AgentStalled or EventType.RunResumed or EventType.CommandExpired:
            case EventType.Token or EventType.ThinkingDelta or EventType.Custom or EventType.UserMessage:
                return FlowViolation.None;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a defined event type");
        }
    }

    /// <summary>
    /// The server ends a call, whose result is too large. Its publisher may still say how it ended, once, with less.
    /// </summary>
    /// <returns>
    /// Whether the call may be open: it is, or the run began before it was seen here; and it was not ended that way before.
    /// </returns>
    public bool TryEndByServer(in EventSubject subject)
        => MayBeOpen(subject) && (_endedByServer ??= []).Count < MaxOpenTools && _endedByServer.Add((subject.CallId, subject.Name));

    private bool MayBeOpen(in EventSubject subject) => _isPartial
        || (subject.CallId is { } id ? _named is not null && _named.ContainsKey(id)
            : _unnamed is not null && _unnamed.ContainsKey(subject.Name ?? "unknown"));

    /// <summary>The open tools that have run for longer than a while.</summary>
    public IReadOnlyList<OpenTool> FindStuck(long working, long after)
        => _openTools == 0 ? [] : [.. Tools.Where(tool => working - tool.Since >= after)];

    /// <summary>Since when the oldest open tool runs that was not reported; null when there is none.</summary>
    public long? OldestSince()
    {
        long? oldest = null;
        if (_openTools > 0)
        {
            foreach (var tool in Tools.Where(static tool => !tool.IsReported))
            {
                oldest = Math.Min(oldest ?? tool.Since, tool.Since);
            }
        }

        return oldest;
    }

    private FlowViolation Require(FlowViolation otherwise)
    {
        if (_hasStarted)
        {
            return otherwise;
        }

        // Said once: what follows does not get better.
        _hasStarted = true;
        return FlowViolation.NotStarted;
    }

    private FlowViolation Open(in EventSubject subject, long working)
    {
        var tool = new OpenTool(subject.Name ?? "unknown", working);
        if (_openTools >= MaxOpenTools)
        {
            _isPartial = true;
            return FlowViolation.None;
        }

        if (subject.CallId is { } id)
        {
            if (!(_named ??= new Dictionary<string, OpenTool>(StringComparer.Ordinal)).TryAdd(id, tool))
            {
                return FlowViolation.CallIdInUse;
            }
        }
        else
        {
            _unnamed ??= new Dictionary<string, List<OpenTool>>(StringComparer.Ordinal);
            if (!_unnamed.TryGetValue(tool.Name, out var calls))
            {
                _unnamed.Add(tool.Name, calls = []);
            }

            calls.Add(tool);
        }

        _openTools++;
        return FlowViolation.None;
    }

    private FlowViolation Close(in EventSubject subject)
    {
        if (subject.CallId is { } id)
        {
            return _named is not null && _named.Remove(id) ? Closed() : Unknown(subject);
        }

        var name = subject.Name ?? "unknown";
        if (_unnamed is null || !_unnamed.TryGetValue(name, out var calls))
        {
            return Unknown(subject);
        }

        // It is not known which of several it is. One is done all the same; that it is the oldest one makes no tool
        // look stuck that may have completed.
        var isAmbiguous = calls.Count > 1 && !_isPartial && !_isAmbiguous;
        _isAmbiguous |= isAmbiguous;
        calls.RemoveAt(0);
        if (calls.Count == 0)
        {
            _unnamed.Remove(name);
        }

        return isAmbiguous ? Closed(FlowViolation.ToolAmbiguous) : Closed();
    }

    private FlowViolation Closed(FlowViolation violation = FlowViolation.None)
    {
        _openTools--;
        return violation;
    }

    private FlowViolation Unknown(in EventSubject subject)
        => _isPartial || _endedByServer?.Remove((subject.CallId, subject.Name)) == true
            ? FlowViolation.None
            : FlowViolation.ToolNotExecuting;
}

/// <summary>A tool that was called and has not completed.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Since">Since when, in ticks of the run's working time.</param>
internal sealed record OpenTool(string Name, long Since)
{
    /// <summary>Whether it was reported as stuck.</summary>
    public bool IsReported { get; set; }
}

/// <summary>What can be wrong with the order of a run's events.</summary>
public enum FlowViolation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>An event came before the run had started.</summary>
    NotStarted,

    /// <summary>The run started twice.</summary>
    StartedTwice,

    /// <summary>A tool was called under the id of a call that is still open.</summary>
    CallIdInUse,

    /// <summary>A tool completed that was not called.</summary>
    ToolNotExecuting,

    /// <summary>A tool completed, and it is unknown which of its calls: several are open, and the event names none.</summary>
    ToolAmbiguous,

    /// <summary>The run ended while tools were running.</summary>
    ToolNotCompleted,
}
