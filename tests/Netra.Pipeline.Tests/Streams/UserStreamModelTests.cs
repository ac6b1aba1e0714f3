using FsCheck;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>
/// A stream against a simple model, over random scripts: what each device sees are the numbers after its cursor, in
/// order, but for what expired.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class UserStreamModelTests
{
    [FsCheck.NUnit.Property(MaxTest = 150)]
    public async Task Stream_AnyScript_IsAsTheModelSays(DoNotSize<int> seed, PositiveInt length)
    {
        var random = new Random(seed.Item);
        var harness = await StreamHarness.CreateAsync(windowEvents: 16);
        var (head, expired, acknowledged) = (0L, 0L, new HashSet<long>());
        var devices = new List<(StreamDevice Device, long Start, long From)>();
        for (var i = Math.Min(length.Get * 4, 200); i > 0; i--)
        {
            switch (random.Next(13))
            {
                case 0 or 1 or 2 or 3:
                    for (var n = random.Next(1, 14); n > 0; n--)
                    {
                        Assert.That(harness.Emit(padding: 1).Seq, Is.EqualTo(++head));
                    }

                    break;
                case 4 when devices.Count < 4:
                    var cursor = random.NextInt64(expired, head + 1);
                    var from = random.NextInt64(0, cursor + 1);
                    var joined = harness.Connect(harness.ResumeAt(cursor, from), joins: random.Next(2) == 0);
                    Assert.That(joined.Point, Is.EqualTo(new ResumePoint(head, from, Resumed: true)));
                    Confirm(from, cursor);
                    devices.Add((joined, cursor, from));
                    break;
                case 5 when devices.Count < 4:
                    var fresh = harness.Connect(ResumeRequest.FromNow, joins: random.Next(2) == 0);
                    Assert.That(fresh.Point, Is.EqualTo(new ResumePoint(head, head, Resumed: false)));
                    devices.Add((fresh, head, head));
                    break;
                case 6 or 7 when devices.Count > 0:
                    await devices[random.Next(devices.Count)].Device.ReadAsync(random.Next(1, 30));
                    break;
                case 8 when devices.Count > 0:
                    var (acking, start, coverage) = devices[random.Next(devices.Count)];
                    var last = acking.Subscription.LastTold;

                    // Within a range, too, that came as one frame.
                    last = random.Next(3) == 0 ? Math.Max(acking.Subscription.Acknowledged, last - random.Next(3)) : last;
                    acking.Acknowledge(last);
                    Confirm(coverage, Math.Max(last, start));
                    break;
                case 9 when devices.Count > 0:
                    var leaving = random.Next(devices.Count);
                    await CheckAsync(devices[leaving].Device, devices[leaving].Start);
                    devices[leaving].Device.Disconnect();
                    devices.RemoveAt(leaving);
                    break;
                case 10 when random.Next(4) == 0 && head > expired:
                    harness.Log.ReleaseCommits();
                    foreach (var range in await harness.Log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None))
                    {
                        var lost = Enumerable.Range((int)range.Range.From, (int)range.Range.Count)
                            .Count(seq => !acknowledged.Contains(seq));
                        Assert.That(range.Unacknowledged, Is.EqualTo(lost));
                        expired = range.Range.To;
                    }

                    acknowledged.RemoveWhere(seq => seq <= expired);
                    break;
                case 11 when devices.Count == 0:
                    harness.Log.ReleaseCommits();
                    Assert.That(harness.Stream.TryEvictNow(), Is.True);
                    await harness.Stream.ReleaseAsync(CancellationToken.None);
                    await harness.ReopenAsync();
                    break;
                case 11 when random.Next(2) == 0:
                    harness.Log.HoldCommits();
                    break;
                case 12 when devices.Count > 0:
                    // All queues together hold too much, and this one is among the largest.
                    var large = devices[random.Next(devices.Count)].Device.Subscription;
                    var waited = large.Queue.Count;
                    Assert.That(harness.Stream.Subscribers.TryTakeBack(large, out _), Is.EqualTo(waited > 0 && large.Queue.Count < waited));
                    break;
                default:
                    harness.Log.ReleaseCommits();
                    break;
            }

            var snapshot = harness.Stream.Snapshot();
            Assert.That(
                (snapshot.Head, snapshot.ExpiredThrough, snapshot.Acknowledged, snapshot.Connections),
                Is.EqualTo((head, expired, (long)acknowledged.Count, devices.Count)));
            Assert.That(snapshot.Account.Unaccounted, Is.Zero, snapshot.Account.ToString());
        }

        foreach (var (device, start, _) in devices)
        {
            await CheckAsync(device, start);
        }

        void Confirm(long from, long seq)
        {
            for (var confirmed = Math.Max(from, expired) + 1; confirmed <= seq; confirmed++)
            {
                acknowledged.Add(confirmed);
            }
        }

        async Task CheckAsync(StreamDevice device, long start)
        {
            await device.ReadAsync();
            var next = start + 1;
            foreach (var message in device.Received)
            {
                if (message is EventMessage numbered)
                {
                    Assert.That(numbered.FromSeq ?? numbered.Seq, Is.EqualTo(next));
                    next = numbered.Seq + 1;
                    Assert.That(
                        numbered.Data.GetProperty("delta").GetString(),
                        Has.Length.EqualTo(numbered.Seq - (numbered.FromSeq ?? numbered.Seq) + 1),
                        "the text of all");
                }
                else if (message is GapMessage gap)
                {
                    Assert.That(gap.From, Is.EqualTo(next));
                    Assert.That(gap.Replay, Is.EqualTo(gap.Cause == GapCause.Overflow));
                    Assert.That(gap.Replay || gap.To <= expired, Is.True, "only what expired is not replayed");
                    next = gap.Replay ? next : gap.To + 1;
                }
            }

            Assert.That(next, Is.EqualTo(head + 1));
        }
    }
}
