using System.Text;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>A parser of bytes that somebody else has made.</summary>
/// <param name="Name">Names it in results.</param>
/// <param name="Samples">Right inputs, from which others are made.</param>
/// <param name="ReadAsync">
/// Reads an input. It throws nothing: what the parser is documented to throw it takes for the refusal that it is, and asserts what holds of
/// everything that was not refused.
/// </param>
internal sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Samples, Func<byte[], ValueTask> ReadAsync)
{
    /// <summary>What an input may take for each of its bytes: documents, texts of refusals, strings of UTF-16.</summary>
    public int BytesPerByte { get; init; } = 200;

    public FuzzTarget(string name, IReadOnlyList<byte[]> samples, Action<byte[]> read)
        : this(
            name,
            samples,
            bytes =>
            {
                read(bytes);
                return ValueTask.CompletedTask;
            })
    {
    }

    /// <summary>A parser of text: it is given what UTF-8 makes of the bytes, replacement characters included.</summary>
    public static FuzzTarget OfText(string name, IEnumerable<string> samples, Action<string> read) => new(
        name, [.. samples.Select(Encoding.UTF8.GetBytes)], bytes => read(Encoding.UTF8.GetString(bytes)));

    /// <inheritdoc cref="OfText(string, IEnumerable{string}, Action{string})"/>
    public static FuzzTarget OfText(string name, IEnumerable<string> samples, Func<string, ValueTask> readAsync) => new(
        name, [.. samples.Select(Encoding.UTF8.GetBytes)], bytes => readAsync(Encoding.UTF8.GetString(bytes)));

    public override string ToString() => Name;
}
