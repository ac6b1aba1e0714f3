using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Limits;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Connections;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AddressLimitsTests
{
    private readonly TestTimeProvider _time = new();

    [Test]
    public void TryBegin_ByDefault_LetsAnOfficeOpenItsPagesAndComeBackAtOnce()
    {
        var limits = Limits(new PeerLimitOptions());

        for (var i = 0; i < 23_000; i++)
        {
            Assert.That(limits.TryBegin(Address("192.0.2.1")), Is.Null, $"handshake {i}");
            Assert.That(limits.TryHold(Address("192.0.2.1")), Is.Null, $"connection {i}");
            limits.End(Address("192.0.2.1"));
        }
    }

    // With 20,000 handles, 500 of which the process takes for itself.
    [Test]
    public void Defaults_OnAServerOf20000Handles_LetOneAddressHold18000ConnectionsAnd5000ComeBackAtOnce()
    {
        const int AtOnce = 5_000;
        var slots = TestSlots.Create(maxConnections: 19_500, time: _time);
        var limits = Limits(new PeerLimitOptions(), slots);
        var address = Address("192.0.2.1");
        for (var left = 18_000; left > 0; left -= AtOnce)
        {
            ComeAtOnce(Math.Min(left, AtOnce));
        }

        for (var i = 0; i < AtOnce; i++)
        {
            limits.Release(address);
            slots.Release();
        }

        ComeAtOnce(AtOnce);

        void ComeAtOnce(int count)
        {
            for (var i = 0; i < count; i++)
            {
                Assert.That(limits.TryBegin(address), Is.Null, $"handshake {i}");
            }

            for (var i = 0; i < count; i++)
            {
                Assert.That(slots.TryHold(), Is.True, $"connection {i}");
                Assert.That(limits.TryHold(address), Is.Null, $"connection {i}");
                limits.End(address);
            }
        }
    }

    [Test]
    public void TryBegin_AboveTheRateOfAnAddress_RefusesItAndNobodyElse()
    {
        var limits = Limits(new PeerLimitOptions { HandshakesPerSecondPerAddress = 2, HandshakeBurst = TimeSpan.FromSeconds(1) });
        string[] own = ["2001:db8::1", "2001:db8::ffff:1"];
        Assert.That(own.Select(address => limits.TryBegin(Address(address))), Has.All.Null);

        var refusal = limits.TryBegin(Address("2001:db8:0:0:8000::"))!;
        Assert.That((refusal.Status, refusal.Code, refusal.RetryAfter), Is.EqualTo((429, "rate_limited", 1)));
        Assert.That(refusal.Message, Does.Contain("2 handshakes").And.Contain("2001:db8::").And.Contain("HandshakesPerSecondPerAddress"));
        Assert.That(limits.TryBegin(Address("2001:db8:0:1::1")), Is.Null, "another network");
        Assert.That(limits.TryBegin(null), Is.Null, "no address");
        Assert.That(limits.TryBegin(new UnixDomainSocketEndPoint("/tmp/s")), Is.Null);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(limits.TryBegin(Address("2001:db8::1")), Is.Null);
    }

    [Test]
    public void TryBegin_AboveTheRateOfAll_RefusesEverybody()
    {
        var limits = Limits(new PeerLimitOptions { HandshakesPerSecond = 2, HandshakeBurst = TimeSpan.FromSeconds(1) });
        Assert.That(limits.TryBegin(Address("192.0.2.1")), Is.Null);
        Assert.That(limits.TryBegin(null), Is.Null);

        var refusal = limits.TryBegin(Address("192.0.2.3"))!;

        Assert.That((refusal.Status, refusal.Code), Is.EqualTo((429, "rate_limited")));
        Assert.That(refusal.Message, Does.Contain("Netra:Limits:HandshakesPerSecond)"));
    }

    [Test]
    public void TryBegin_WithTooManyUnderWay_RefusesUntilOneIsDecided()
    {
        var limits = Limits(new PeerLimitOptions { MaxHandshakesUnderWay = 3, MaxHandshakesUnderWayPerAddress = 2 });
        Assert.That(limits.TryBegin(Address("192.0.2.1")), Is.Null);
        Assert.That(limits.TryBegin(Address("::ffff:192.0.2.1")), Is.Null);
        Assert.That(limits.TryBegin(Address("192.0.2.1"))!.Message, Does.Contain("MaxHandshakesUnderWayPerAddress"));
        Assert.That(limits.TryBegin(Address("192.0.2.2")), Is.Null);
        var refusal = limits.TryBegin(Address("192.0.2.3"))!;
        Assert.That((refusal.Status, refusal.Code), Is.EqualTo((503, "too_many_handshakes")));
        Assert.That(refusal.Message, Does.Contain("Netra:Limits:MaxHandshakesUnderWay)"));

        limits.End(Address("192.0.2.1"));

        Assert.That(limits.TryBegin(Address("192.0.2.1")), Is.Null);
    }

    [Test]
    public void TryHold_AboveTheConnectionsOfAnAddress_RefusesUntilOneHasEnded()
    {
        var limits = Limits(new PeerLimitOptions { MaxConnectionsPerAddress = 1 });
        Assert.That(limits.TryHold(Address("192.0.2.1")), Is.Null);
        Assert.That(limits.TryHold(Address("192.0.2.2")), Is.Null);
        Assert.That(limits.TryHold(null), Is.Null);
        Assert.That(limits.TryHold(null), Is.Null);
        var refusal = limits.TryHold(Address("192.0.2.1"))!;
        Assert.That((refusal.Status, refusal.Code), Is.EqualTo((503, "too_many_connections")));
        Assert.That(refusal.Message, Does.Contain("Netra:Limits:MaxConnectionsPerAddress"));

        limits.Release(Address("192.0.2.1"));

        Assert.That(limits.TryHold(Address("192.0.2.1")), Is.Null);
    }

    [Test]
    public void Addresses_ThatRest_AreForgotten()
    {
        var limits = Limits(new PeerLimitOptions { HandshakesPerSecond = 1_000_000 });
        limits.TryHold(Address("203.0.113.1"));
        for (var i = 0; i < 100_000; i++)
        {
            var address = new IPEndPoint(new IPAddress(i + 1), 1);
            Assert.That(limits.TryBegin(address), Is.Null);
            limits.End(address);
            _time.Advance(TimeSpan.FromMilliseconds(0.01));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        limits.TryBegin(Address("203.0.113.2"));
        Assert.That(limits.Count, Is.LessThan(5000));
    }

    private static IPEndPoint Address(string address) => new(IPAddress.Parse(address), 4711);

    private AddressLimits Limits(PeerLimitOptions options, Netra.Pipeline.Connections.ConnectionSlots? slots = null)
    {
        var time = new ServedTime(_time);
        return new AddressLimits(
            Options.Create(options), slots ?? TestSlots.Create(time: _time), new LimitMetrics(new TestMeterFactory()), time);
    }
}
