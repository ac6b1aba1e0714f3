using System.Text;

namespace Netra.Pipeline.Tests.Fuzzing;

/// <summary>
/// Makes nearly right inputs out of right ones: what passes the first checks of a parser and fails a later one finds more than noise. One
/// seed makes the same inputs again. Not thread-safe.
/// </summary>
internal sealed class Mutator(int seed)
{
    /// <summary>No input is longer.</summary>
    public const int MaxBytes = 96 * 1024;

    // What means something to one parser or another, and what none of them may take for something else.
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "{", "}", "[", "]", "\"", "\\", ":", ",", "null", "true", "-", ".", "e", "\r\n", "\n", "\r", "\0", "\t", " ", ";", "=", "*",
            "%", "%00", "%2F", "%2e%2e", "%C0%AF", "%ED%A0%80", "%zz", "\\ud800", "\\udc00", "\\u0000", "\\u001b[31m", "../",
            "//", "#", "?",
            "&", "0", "-1", "9007199254740991", "9007199254740992", "9223372036854775808", "99999999999999999999999999", "1e999", "-1e-999",
            "2147483648", "0x10", "1_000", "NaN", "bearer.", "Bearer ", "nk_", "nt_", "netra.v1", "$system", "eyJhbGciOiJub25lIn0", "crit",
            "[::1]", "::ffff:127.0.0.1", "255.255.255.256", "127.1", "localhost", "65535", "65536", "PROXY ", "TCP6", "chunked",
            "\u00e9", "\u202e", "\ud83d\ude00", "\u0085", "\u2028",
        }.Select(Encoding.UTF8.GetBytes),
        [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0x80], [0xEF, 0xBB, 0xBF], [0xF0, 0x9F],
    ];

    private static readonly int[] Boundaries = [1, 7, 8, 15, 16, 63, 64, 65, 125, 126, 127, 128, 129, 255, 256, 257, 511, 512, 1024, 4096];

    private readonly Random _random = new(seed);

    /// <summary>The next input.</summary>
    /// <param name="samples">Right ones.</param>
    public byte[] Next(IReadOnlyList<byte[]> samples)
    {
        var bytes = new List<byte>(samples[_random.Next(samples.Count)]);
        for (var i = _random.Next(1, 5); i > 0; i--)
        {
            Change(bytes, samples);
            if (bytes.Count > MaxBytes)
            {
                bytes.RemoveRange(MaxBytes, bytes.Count - MaxBytes);
            }
        }

        return [.. bytes];
    }

    /// <summary>One of several.</summary>
    public T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    /// <summary>A number below another.</summary>
    public int Below(int end) => _random.Next(end);

    /// <summary>The next input as text, a character a byte.</summary>
    public string NextText(string sample) => Encoding.Latin1.GetString(Next([Encoding.Latin1.GetBytes(sample)]));

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> samples)
    {
        var at = _random.Next(bytes.Count + 1);
        var length = Math.Min(_random.Next(1, 33), bytes.Count - at);
        switch (_random.Next(13))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.InsertRange(at, Pick(Tokens));
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                var chunk = bytes.GetRange(at, length);
                for (var times = _random.Next(1, 5); times > 0; times--)
                {
                    bytes.InsertRange(at, chunk);
                }

                break;
            case 6:
                Splice(bytes, at, Pick(samples));
                break;
            case 7:
                ReplaceNumber(bytes);
                break;
            case 8:
                Nest(bytes, at);
                break;
            case 9:
                bytes.InsertRange(at, Enumerable.Repeat((byte)_random.Next(256), Pick(Boundaries)));
                break;
            case 10:
                bytes.RemoveRange(at, length);
                bytes.InsertRange(at, Pick(Tokens));
                break;
            case 11:
                // A member that is there twice, or a list that is cut elsewhere.
                var from = _random.Next(bytes.Count + 1);
                bytes.InsertRange(at, bytes.GetRange(from, Math.Min(_random.Next(1, 129), bytes.Count - from)));
                break;
            default:
                for (var times = _random.Next(1, 9); times > 0 && bytes.Count > 0; times--)
                {
                    bytes[_random.Next(bytes.Count)] = (byte)_random.Next(256);
                }

                break;
        }
    }

    private void Splice(List<byte> bytes, int at, byte[] other)
    {
        bytes.RemoveRange(at, bytes.Count - at);
        bytes.AddRange(other.AsSpan(_random.Next(other.Length + 1)));
    }

    private void ReplaceNumber(List<byte> bytes)
    {
        var start = bytes.FindIndex(_random.Next(bytes.Count + 1), static b => b is >= (byte)'0' and <= (byte)'9');
        if (start >= 0)
        {
            var end = bytes.FindIndex(start, static b => b is not (>= (byte)'0' and <= (byte)'9'));
            bytes.RemoveRange(start, (end < 0 ? bytes.Count : end) - start);
            bytes.InsertRange(start, Pick(Tokens));
        }
    }

    private void Nest(List<byte> bytes, int at)
    {
        var (open, close) = Pick([("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("-", ""), ("%25", "")]);
        var depth = Pick(Boundaries);
        bytes.InsertRange(at, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(close, depth))));
        bytes.InsertRange(at, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, depth))));
    }
}
