using FsCheck;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.Load.Checks;

/// <summary>
/// The checks of receipts, numbers and contents over random deliveries to two pages, with random faults: they find a fault if and only if
/// there is one, and count what is lost, doubled and out of order as a model does.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PublishedStreamPropertyTests
{
    private const int Devices = 2;
    private const long Skipped = 1 << 20;

    private enum Fault
    {
        None,
        Lost,
        Doubled,
        Swapped,
        HiddenByGap,
        DoubledContent,
        OtherReceipt,
        OtherId,
        RefusedButSent,
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void Stream_AnyFaults_FindsThoseAndNothingElse(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var findings = new Findings();
        var stream = new PublishedStream("u", "u", Devices, findings);
        var pages = Enumerable.Range(0, Devices).Select(i => new NumberCheck(findings) { Where = $"page {i}" }).ToArray();
        var expected = new Dictionary<FindingKind, long>();
        var seq = 0L;
        var count = 3 + Math.Min(length.Get, 60);
        var receipts = new Queue<Action>();
        var hasFaults = random.Next(3) > 0;
        for (var step = 0; step < count; step++)
        {
            var place = stream.Publish(now: step, due: 1_000 + stream.Published);
            if (random.Next(10) == 0)
            {
                // Refused: it has no number.
                receipts.Enqueue(() => stream.Refuse(place, "log_failed"));
            }
            else if (random.Next(25) == 0)
            {
                // Sent and not stored when the server was killed: it gets another number, above those that are skipped.
                var victims = pages.Where(_ => random.Next(2) == 0).ToArray();
                seq++;
                Array.ForEach(victims, page => Deliver(page, place, seq));
                var last = seq + Skipped;
                foreach (var page in pages)
                {
                    page.Take(new GapMessage(page.Cursor + 1, last, GapCause.ServerRestart, Replay: false, Certain: false));
                    stream.Restart(last);
                }

                seq = last;
                Accept(place, ++seq);
                Array.ForEach(pages, page => Deliver(page, place, seq));
            }
            else
            {
                Deliveries(hasFaults && random.Next(6) == 0 ? (Fault)random.Next(9) : Fault.None, place);
            }

            while (receipts.Count > random.Next(4))
            {
                receipts.Dequeue()();
            }
        }

        while (receipts.TryDequeue(out var receipt))
        {
            receipt();
        }

        for (var device = 0; device < Devices; device++)
        {
            stream.Complete(device, pages[device]);
        }

        var found = Enum.GetValues<FindingKind>().Where(kind => findings[kind] > 0)
            .ToDictionary(static kind => kind, kind => findings[kind]);
        Assert.That(found, Is.EquivalentTo(expected), string.Join('\n', findings.Kept));
        Assert.That(findings.Any, Is.EqualTo(expected.Count > 0));
        if (expected.Count == 0)
        {
            Assert.That(stream.Kept, Is.Zero, "nothing is kept of what is done with");
            Assert.That(stream.IsComplete);
        }

        void Deliver(NumberCheck page, long place, long number, int id = 0)
        {
            if (page.Take(number, isRedelivery: false, now: number))
            {
                var came = new DeliveredEvent(place, number, id == 0 ? (int)number : id, 1_000 + place);
                stream.Deliver(Array.IndexOf(pages, page), came, page, isComparable: true);
            }
        }

        void Accept(long place, long number, int id = 0)
            => receipts.Enqueue(() => stream.Accept(place, number, id == 0 ? (int)number : id));

        void Expect(FindingKind kind, long more = 1) => expected[kind] = expected.GetValueOrDefault(kind) + more;

        void Deliveries(Fault fault, long place)
        {
            var number = ++seq;
            switch (fault)
            {
                case Fault.Lost:
                    Accept(place, number);
                    Deliver(pages[1], place, number);

                    // The next one shows that it is missing; it comes in any case.
                    var next = stream.Publish(now: number, due: 1_000 + stream.Published);
                    Accept(next, ++seq);
                    Array.ForEach(pages, page => Deliver(page, next, seq));
                    Expect(FindingKind.Lost);
                    Expect(FindingKind.UnexplainedGap);
                    break;
                case Fault.Doubled:
                    Accept(place, number);
                    Array.ForEach(pages, page => Deliver(page, place, number));
                    Deliver(pages[0], place, number);
                    Expect(FindingKind.Duplicated);
                    break;
                case Fault.Swapped:
                    var second = stream.Publish(now: number, due: 1_000 + stream.Published);
                    Accept(place, number);
                    Accept(second, ++seq);
                    Deliver(pages[0], second, seq);
                    Deliver(pages[0], place, number);
                    Deliver(pages[1], place, number);
                    Deliver(pages[1], second, seq);
                    Expect(FindingKind.Reordered);
                    Expect(FindingKind.UnexplainedGap);
                    break;
                case Fault.HiddenByGap:
                    Accept(place, number);
                    Deliver(pages[0], place, number);
                    pages[1].Take(new GapMessage(number, number, GapCause.Expired, Replay: false, Certain: true));
                    Expect(FindingKind.Lost);
                    break;
                case Fault.DoubledContent:
                    Accept(place, number);
                    Array.ForEach(pages, page => Deliver(page, place, number));
                    Deliver(pages[0], place, ++seq);
                    Deliver(pages[1], place, seq);
                    Expect(FindingKind.Duplicated, Devices);
                    break;
                case Fault.OtherReceipt:
                    // Every page is told another number than the receipt.
                    Accept(place, number + 1);
                    Array.ForEach(pages, page => Deliver(page, place, number));
                    seq++;
                    Array.ForEach(pages, page => page.Take(new GapMessage(seq, seq, GapCause.Expired, Replay: false, Certain: false)));
                    Expect(FindingKind.WrongReceipt);
                    break;
                case Fault.OtherId:
                    Accept(place, number, id: -1);
                    Array.ForEach(pages, page => Deliver(page, place, number));
                    Expect(FindingKind.WrongReceipt);
                    break;
                case Fault.RefusedButSent:
                    receipts.Enqueue(() => stream.Refuse(place, "log_failed"));
                    while (receipts.TryDequeue(out var receipt))
                    {
                        receipt();
                    }

                    Array.ForEach(pages, page => Deliver(page, place, number));
                    Expect(FindingKind.WrongReceipt, Devices);
                    break;
                default:
                    Accept(place, number);
                    Array.ForEach(pages, page => Deliver(page, place, number));
                    break;
            }
        }
    }

    [Test]
    public void Take_GapThatBeginsLate_DoesNotExplainWhatIsBeforeIt()
    {
        var findings = new Findings();
        var page = new NumberCheck(findings) { Where = "page" };
        page.Take(1, isRedelivery: false, now: 1);

        page.Take(new GapMessage(5, 9, GapCause.Expired, Replay: false, Certain: true));
        page.Take(10, isRedelivery: false, now: 2);
        page.Complete(new NumberSet());

        Assert.That((findings[FindingKind.UnexplainedGap], findings[FindingKind.Lost]), Is.EqualTo((3L, 3L)));
        Assert.That(findings.Kept[0].Detail, Does.StartWith("numbers 2 to 4 passed over without a gap, between 1 ("));
    }

    [Test]
    public void Take_Redelivery_IsNoDuplicate()
    {
        var findings = new Findings();
        var page = new NumberCheck(findings) { Where = "page" };
        Assert.That(page.Take(1, isRedelivery: false, now: 1));

        Assert.That(page.Take(1, isRedelivery: true, now: 2), Is.False);

        Assert.That((findings.Any, page.Redelivered), Is.EqualTo((false, 1L)));
    }

    [Test]
    public void Forget_UnansweredAndRefused_KeepsNothing()
    {
        var stream = new PublishedStream("u", "u", 1, new Findings());
        for (var i = 0; i < 10_000; i++)
        {
            var place = stream.Publish(now: i, due: i);
            if (i % 2 == 0)
            {
                stream.Refuse(place, "log_failed");
            }
            else
            {
                stream.GiveUp(place);
            }
        }

        Assert.That((stream.Kept, stream.IsComplete), Is.EqualTo((0L, true)));
    }
}
