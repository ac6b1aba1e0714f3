using System.Net.Http.Headers;

namespace Netra.Pipeline.Client;

/// <summary>What an answer asks to wait for (<c>Retry-After</c>, RFC 9110, 10.2.3).</summary>
internal static class RetryAfter
{
    public static TimeSpan? Read(IReadOnlyDictionary<string, IEnumerable<string>>? headers, TimeProvider time)
    {
        var header = headers?.FirstOrDefault(static header => header.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase));
        return header?.Value?.FirstOrDefault() is { } text ? Read(text, time) : null;
    }

    /// <summary>A header's value, in seconds or as a date; null for one that is neither, or is over.</summary>
    public static TimeSpan? Read(string text, TimeProvider time)
    {
        if (!RetryConditionHeaderValue.TryParse(text, out var value))
        {
            return null;
        }

        var asked = value.Delta ?? value.Date - time.GetUtcNow();
        return asked > TimeSpan.Zero ? asked : null;
    }
}
