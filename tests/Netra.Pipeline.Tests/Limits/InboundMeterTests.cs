using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Limits;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class InboundMeterTests
{
    private readonly TestTimeProvider _time = new();

    [Test]
    public void Renew_OfAFlood_GrantsTheBurstAndThenTheRate()
    {
        var meter = new InboundMeter(Budget(total: 1_000_000));

        Assert.That(ReadAll(meter), Is.InRange(5000, 5100), "5 s at 1,000 a second");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(ReadAll(meter), Is.InRange(900, 1100));
        Assert.That(meter.Renew(), Is.EqualTo(Limit.Inbound));
    }

    [Test]
    public void Renew_OfLargeMessages_IsByBytes()
    {
        var meter = new InboundMeter(Budget(total: 1_000_000));

        Assert.That(ReadAll(meter, bytes: 64 * 1024), Is.InRange(80, 83), "5 MiB");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(ReadAll(meter, bytes: 64 * 1024), Is.InRange(14, 18));
    }

    [Test]
    public void Renew_WhileOthersFlood_LetsAPageSendWhatPagesSend()
    {
        var budget = Budget(total: 1000);
        var (page, flood) = (new InboundMeter(budget), new InboundMeter(budget));
        Assert.That(ReadAll(flood), Is.InRange(900, 1100), "what all have, and its own free share");
        Assert.That(flood.Renew(), Is.EqualTo(Limit.InboundTotal));

        for (var second = 0; second < 60; second++)
        {
            for (var i = 0; i < InboundBudget.FreePerSecond; i++)
            {
                Assert.That(page.Renew(), Is.Null);
                page.Count(messages: 1, bytes: 40);
            }

            _time.Advance(TimeSpan.FromSeconds(1));
            ReadAll(flood);
        }
    }

    [Test]
    public void Renew_OfTwoFloods_DividesWhatThereIs()
    {
        var budget = Budget(total: 1000);
        var (one, other) = (new InboundMeter(budget), new InboundMeter(budget));
        var read = 0;
        for (var tenth = 0; tenth < 100; tenth++)
        {
            read += ReadAll(one) + ReadAll(other);
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.That(read, Is.LessThan(12_000), "10 s of what all have, and two free shares");
    }

    private static int ReadAll(InboundMeter meter, int bytes = 6)
    {
        var messages = 0;
        while (meter.Renew() is null)
        {
            meter.Count(messages: 1, bytes);
            messages++;
        }

        return messages;
    }

    private InboundBudget Budget(int total) => new(
        Options.Create(new PeerLimitOptions { InboundMessagesPerSecond = 1000, TotalInboundMessagesPerSecond = total }),
        new ServedTime(_time));
}
