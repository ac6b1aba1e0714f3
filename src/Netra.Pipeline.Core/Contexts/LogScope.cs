using System.Collections;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Contexts;

/// <summary>
/// Names what log lines belong to, for as long as it is open. Immutable; made once a connection, run or tool call, never for an event.
/// </summary>
internal sealed class LogScope(params KeyValuePair<string, object?>[] values) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => values.Length;

    public KeyValuePair<string, object?> this[int index] => values[index];

    public static LogScope OfConnection(string connectionId, string userKey)
        => Of(userKey, new("ConnectionId", connectionId), new("UserId", UserKey.UserOf(userKey)));

    public static LogScope OfRun(string agent, UserExecutionContext context) => Of(
        context.UserKey,
        new("Agent", agent),
        new("UserId", context.UserId),
        new("ThreadId", context.ThreadId),
        new("RunId", context.RunId),
        new("RequestId", context.RequestId));

    public static LogScope OfTool(string tool, string callId) => new(new("Tool", tool), new("CallId", callId));

    private static LogScope Of(string userKey, params KeyValuePair<string, object?>[] values)
        => UserKey.TenantOrNull(userKey) is { } tenantId ? new LogScope([.. values, new("TenantId", tenantId)]) : new LogScope(values);

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        => ((IEnumerable<KeyValuePair<string, object?>>)values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // What formatters show that know nothing of names and values.
    public override string ToString() => string.Join(", ", values.Select(static value => $"{value.Key}:{value.Value}"));
}
