namespace Netra.Pipeline.Http;

/// <summary>Values of peers in messages: enough of them to be recognized, and no more.</summary>
internal static class Shortened
{
    private const int MaxChars = 128;

    public static string Of(string text) => text.Length <= MaxChars ? text : $"{text.AsSpan(0, MaxChars)}…";
}
