using System.Runtime.CompilerServices;
using System.Text;
using Netra.Pipeline.Client.Publishing;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client.Publishing;

/// <summary>The publisher's lines: their order when some are refused for the time being, and who waits for room.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class OutgoingLinesTests
{
    [Test]
    public async Task Lines_RefusedAgain_GoOutInTheOrderInWhichTheyWereGiven()
    {
        var lines = new OutgoingLines(maxEvents: 10, maxBytes: 1024);
        foreach (var text in new[] { "1", "2", "3" })
        {
            await lines.AddAsync(Line(text), CancellationToken.None);
        }

        Assert.That(Take(lines, atMostBytes: 100), Is.EqualTo("123"));
        await lines.AddAsync(Line("4"), CancellationToken.None);
        Refuse(lines, 3);
        lines.Interject("i"u8.ToArray(), run: null, now: 0);
        Assert.That(Take(lines, atMostBytes: 2), Is.EqualTo("i1"));
        Assert.That(lines.Answered()!.Event, Is.Null);

        Refuse(lines, 1);

        Assert.That(Take(lines, atMostBytes: 100), Is.EqualTo("1234"));
    }

    [Test]
    public async Task Room_ThatSomebodyWaitsForNoLonger_LeavesNothingBehind()
    {
        var lines = new OutgoingLines(maxEvents: 1, maxBytes: 1024);
        await lines.AddAsync(Line("1"), CancellationToken.None);

        var left = GiveUp(lines);

        await Eventually.BecomesTrueAsync(
            () =>
            {
                GC.Collect();
                return !left.IsAlive;
            },
            "nothing is kept of who has given up");
        Assert.That(lines.Count, Is.EqualTo(1));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference GiveUp(OutgoingLines lines)
    {
        var impatient = new CancellationTokenSource();
        var waiting = lines.AddAsync(Line("2"), impatient.Token).AsTask();
        impatient.Cancel();
        Assert.That(async () => await waiting, Throws.InstanceOf<OperationCanceledException>());
        return new WeakReference(impatient);
    }

    private static void Refuse(OutgoingLines lines, int count)
    {
        for (var i = 0; i < count; i++)
        {
            lines.SendAgain(lines.Answered()!);
        }
    }

    private static string Take(OutgoingLines lines, int atMostBytes)
    {
        var piece = new List<ReadOnlyMemory<byte>>();
        lines.TakeUnsent(piece, atMostBytes);
        return string.Concat(piece.Select(static line => Encoding.ASCII.GetString(line.Span)));
    }

    private static OutgoingLine Line(string text)
        => new(Encoding.ASCII.GetBytes(text), new PublishEvent("ada", "t1", "r1", "token", null), Run: null, TakenAt: 0);
}
