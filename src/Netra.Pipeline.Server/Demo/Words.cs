using System.Runtime.CompilerServices;

namespace Netra.Pipeline.Server.Demo;

/// <summary>Streams a text word by word, as a model writes. Stateless but for the clock; safe for parallel use.</summary>
internal static class Words
{
    /// <summary>
    /// The words of <paramref name="text"/>, each with the white space that follows it, so that together they are the text.
    /// </summary>
    public static IEnumerable<string> Of(string text)
    {
        var start = 0;
        for (var at = 1; at < text.Length; at++)
        {
            if (char.IsWhiteSpace(text[at - 1]) && !char.IsWhiteSpace(text[at]))
            {
                yield return text[start..at];
                start = at;
            }
        }

        if (start < text.Length)
        {
            yield return text[start..];
        }
    }

    /// <summary>The same, with a pause after each.</summary>
    public static async IAsyncEnumerable<string> StreamAsync(
        string text, TimeSpan delay, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var word in Of(text))
        {
            yield return word;
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }
}
