using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Netra.Pipeline.Diagnostics;

/// <summary>Which trace something belongs to, as W3C Trace Context writes it.</summary>
public sealed record TraceContext
{
    private const int MaxTraceStateChars = 512;
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>A trace context.</summary>
    /// <param name="traceParent">
    /// Version 00: <c>00-</c> 32 hex digits <c>-</c> 16 hex digits <c>-</c> 2 hex digits, lower case, neither id all zero.
    /// </param>
    /// <param name="traceState">What vendors add: at most 512 printable ASCII characters; <see langword="null"/> for nothing.</param>
    /// <exception cref="ArgumentException">One of them is not in its form.</exception>
    public TraceContext(string traceParent, string? traceState = null)
    {
        if (!IsTraceParent(traceParent))
        {
            throw new ArgumentException("must be a W3C traceparent of version 00", nameof(traceParent));
        }

        if (!IsTraceState(traceState))
        {
            throw new ArgumentException($"must have at most {MaxTraceStateChars} printable ASCII characters", nameof(traceState));
        }

        TraceParent = traceParent;
        TraceState = string.IsNullOrEmpty(traceState) ? null : traceState;
    }

    /// <summary>The <c>traceparent</c>.</summary>
    public string TraceParent { get; }

    /// <summary>The <c>tracestate</c>, or <see langword="null"/>.</summary>
    public string? TraceState { get; }

    /// <summary>
    /// A trace context from outside, where a wrong one is no reason to refuse: as W3C asks, a <c>traceparent</c> that is not valid counts
    /// as none, and so does a <c>tracestate</c>, but alone.
    /// </summary>
    /// <param name="traceParent">The <c>traceparent</c>.</param>
    /// <param name="traceState">The <c>tracestate</c>.</param>
    /// <param name="trace">The trace context, when the result is <see langword="true"/>.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryCreate(string? traceParent, string? traceState, [NotNullWhen(true)] out TraceContext? trace)
    {
        trace = IsTraceParent(traceParent) ? new TraceContext(traceParent, IsTraceState(traceState) ? traceState : null) : null;
        return trace is not null;
    }

    /// <summary>The trace that the calling code runs in, or <see langword="null"/> when it runs in none that W3C can write.</summary>
    public static TraceContext? OfCurrentActivity() =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity && TryCreate(activity.Id, activity.TraceStateString, out var trace)
            ? trace
            : null;

    private static bool IsTraceParent([NotNullWhen(true)] string? text) =>
        text is { Length: 55 } && text.StartsWith("00-", StringComparison.Ordinal) && text[35] == '-' && text[52] == '-'
        && IsId(text.AsSpan(3, 32)) && IsId(text.AsSpan(36, 16)) && IsHex(text.AsSpan(53, 2));

    private static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.ContainsAnyExcept('0');

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(LowerHex);

    private static bool IsTraceState(string? text) =>
        text is null || (text.Length <= MaxTraceStateChars && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'));
}
