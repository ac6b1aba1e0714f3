using System.Buffers;
using System.Text;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Tests.Publishing;

public sealed class LineSplitterTests
{
    [FsCheck.NUnit.Property]
    public void TryRead_ArrivingInAnyPieces_FindsTheSameLines(byte[] pieces)
    {
        const string Text = "one\n\ntwo\r\n0123456789\n01234567890\nthree\n0123456789012345678901234\n\nlast";
        string[] expected = ["one", "", "two\r", "0123456789", "!", "three", "!", "", "last"];

        Assert.That(Split(Text, pieces), Is.EqualTo(expected));
    }

    [Test]
    public void TryRead_LineTooLong_IsKnownBeforeItsEndAndNotKept()
    {
        var splitter = new LineSplitter(10);
        var buffer = new ReadOnlySequence<byte>(new byte[11]);

        Assert.That(splitter.TryRead(ref buffer, isLast: false, out _), Is.EqualTo(LineState.TooLong));
        Assert.That(buffer.Length, Is.Zero);
        buffer = new ReadOnlySequence<byte>(new byte[100]);
        Assert.That(splitter.TryRead(ref buffer, isLast: false, out _), Is.EqualTo(LineState.None));
        Assert.That(buffer.Length, Is.Zero);
    }

    // Each piece is as long as a byte says; what the splitter leaves comes again, in front of the next piece.
    private static List<string> Split(string text, byte[] pieces)
    {
        var splitter = new LineSplitter(10);
        var lines = new List<string>();
        var bytes = Encoding.UTF8.GetBytes(text);
        var (consumed, arrived) = (0, 0);
        for (var i = 0; arrived < bytes.Length; i++)
        {
            arrived = Math.Min(bytes.Length, arrived + (i < pieces.Length ? pieces[i] % 16 : 7));
            var buffer = new ReadOnlySequence<byte>(bytes, consumed, arrived - consumed);
            while (splitter.TryRead(ref buffer, arrived == bytes.Length, out var line) is var state and not LineState.None)
            {
                lines.Add(state == LineState.TooLong ? "!" : Encoding.UTF8.GetString(line));
            }

            consumed = arrived - (int)buffer.Length;
        }

        return lines;
    }
}
