using System.Collections;
using System.Text;

namespace Netra.Pipeline.Failures;

/// <summary>
/// The state of a failure's log entry: what is known is in the text and among the named values, and what is not known is left out of both.
/// Made for one entry.
/// </summary>
internal sealed class FailureLogEntry : IReadOnlyList<KeyValuePair<string, object?>>
{
    // Where a log groups by template, all failures of a code and an operation are one group.
    private const string Template = "{Code} in {Operation}: {Reason}";
    private const string PrefixedTemplate = "{Prefix} " + Template;

    private readonly List<KeyValuePair<string, object?>> _values = new(12);
    private readonly StringBuilder _text = new();
    private bool _hasParts;

    public FailureLogEntry(Failure failure, FailureCodeInfo info)
    {
        if (info.LogPrefix is { } prefix)
        {
            _text.Append(prefix).Append(' ');
            _values.Add(new("Prefix", prefix));
        }

        _text.Append(info.WireName).Append(" in ").Append(failure.Operation).Append(": ").Append(failure.Message);
        _values.Add(new("Code", info.WireName));
        _values.Add(new("Operation", failure.Operation));
        _values.Add(new("Reason", failure.Message));
        Part("tenant", "TenantId", failure.TenantId);
        Part("user", "UserId", failure.UserId);
        Part("thread", "ThreadId", failure.ThreadId);
        Part("run", "RunId", failure.RunId);
        Part("event", "EventType", failure.EventType);
        Part("tool", "ToolName", failure.ToolName);
        Part("call", "CallId", failure.CallId);
        Part("connection", "ConnectionId", failure.ConnectionId);
        Part("message", "MessageId", failure.MessageId);
        if (failure.Numbers.Count > 0)
        {
            Part("numbers", "Numbers", string.Join(", ", failure.Numbers.Select(static number => $"{number.Key}={number.Value}")));
        }

        if (_hasParts)
        {
            _text.Append(']');
        }

        if (failure.Count > 1)
        {
            _text.Append(" and ").Append(failure.Count - 1).Append(" more");
            _values.Add(new("Count", failure.Count));
        }

        _values.Add(new("{OriginalFormat}", info.LogPrefix is null ? Template : PrefixedTemplate));
    }

    public int Count => _values.Count;

    public KeyValuePair<string, object?> this[int index] => _values[index];

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => _text.ToString();

    private void Part(string word, string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return;
        }

        _text.Append(_hasParts ? ", " : " [").Append(word).Append(' ').Append(value);
        _values.Add(new(name, value));
        _hasParts = true;
    }
}
