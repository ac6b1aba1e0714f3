namespace Netra.Pipeline.Failures;

/// <summary>Reads how long a receiver wants to be left alone (RFC 9110, 10.2.3).</summary>
internal static class RetryAfter
{
    // No receiver is left alone for longer than this, whatever it asks for.
    private static readonly TimeSpan LongestWish = TimeSpan.FromDays(1);

    /// <summary>The wish of an answer, given in seconds or as a date, at most a day; null when there is none, or when it is over.</summary>
    public static TimeSpan? Of(HttpResponseMessage response, TimeProvider time)
    {
        var header = response.Headers.RetryAfter;
        var wish = header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
        return wish is not { } wanted || wanted <= TimeSpan.Zero ? null : wanted < LongestWish ? wanted : LongestWish;
    }
}
