using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Limits;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Handshakes a second and under way, and the connections that came of them: in total, and of one address. It comes before anybody is
/// asked who it is, so that a flood costs little more than its refusals. The address is the one that trusted proxies report; an office
/// behind one address is one peer, so that the defaults are far above what people need. A peer without an address counts in the totals
/// alone. Safe to use from any thread; the lock guards all state.
/// </summary>
internal sealed class AddressLimits
{
    // How many addresses are kept before those that rest are forgotten.
    private const int LeastAddresses = 1024;
    private const int Ipv6NetworkBytes = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Account> _accounts = [];
    private readonly PeerLimitOptions _options;
    private readonly ConnectionSlots _slots;
    private readonly LimitMetrics _metrics;
    private readonly ServedTime _time;
    private readonly Rate _total;
    private readonly Rate _ofAddress;
    private long _paid;
    private int _underWay;
    private int _sweepAt = LeastAddresses;

    public AddressLimits(IOptions<PeerLimitOptions> options, ConnectionSlots slots, LimitMetrics metrics, ServedTime time)
    {
        (_options, _slots, _metrics, _time) = (options.Value, slots, metrics, time);
        var burst = _options.HandshakeBurst.TotalSeconds;
        _total = new Rate(_options.HandshakesPerSecond, _options.HandshakesPerSecond * burst, time);
        _ofAddress = new Rate(_options.HandshakesPerSecondPerAddress, _options.HandshakesPerSecondPerAddress * burst, time);
    }

    /// <summary>How many connections may come from one address.</summary>
    public int ConnectionsPerAddress => _options.MaxConnectionsPerAddress ?? _slots.HoldLimit;

    /// <summary>How many addresses are known.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _accounts.Count;
            }
        }
    }

    /// <summary>A handshake begins. To be given back with <see cref="End"/> when it is decided.</summary>
    /// <param name="remote">Where it comes from.</param>
    /// <returns>What stands in its way; null when it may go on.</returns>
    public HandshakeRefusal? TryBegin(EndPoint? remote)
    {
        lock (_gate)
        {
            var (now, account) = (_time.GetTimestamp(), AccountOf(remote));
            if (_underWay >= _options.MaxHandshakesUnderWay)
            {
                return Refuse(Limit.Handshakes, 503, 1, $"{_underWay} handshakes are under way", "MaxHandshakesUnderWay");
            }

            if (account?.UnderWay >= _options.MaxHandshakesUnderWayPerAddress)
            {
                return Refuse(
                    Limit.HandshakesOfAddress,
                    503,
                    1,
                    $"{account.UnderWay} handshakes from {KeyOf(remote)} are under way",
                    "MaxHandshakesUnderWayPerAddress");
            }

            if (account is not null && !_ofAddress.TryTake(ref account.Paid, now, units: 1, out var wait))
            {
                return Refuse(
                    Limit.HandshakesOfAddress,
                    429,
                    SecondsOf(wait),
                    $"More than {_options.HandshakesPerSecondPerAddress} handshakes a second come from {KeyOf(remote)}",
                    "HandshakesPerSecondPerAddress");
            }

            if (!_total.TryTake(ref _paid, now, units: 1, out wait))
            {
                return Refuse(
                    Limit.Handshakes,
                    429,
                    SecondsOf(wait),
                    $"More than {_options.HandshakesPerSecond} handshakes a second come in all",
                    "HandshakesPerSecond");
            }

            _underWay++;
            account?.Begin();
            return null;
        }
    }

    /// <summary>A handshake is decided.</summary>
    public void End(EndPoint? remote)
    {
        lock (_gate)
        {
            _underWay--;
            AccountOf(remote)?.End();
        }
    }

    /// <summary>Takes a place for a connection. To be given back with <see cref="Release"/>.</summary>
    /// <returns>What stands in its way; null when it may be.</returns>
    public HandshakeRefusal? TryHold(EndPoint? remote)
    {
        lock (_gate)
        {
            if (AccountOf(remote) is not { } account)
            {
                return null;
            }

            if (account.Held >= ConnectionsPerAddress)
            {
                return Refuse(
                    Limit.ConnectionsOfAddress,
                    503,
                    1,
                    $"{account.Held} connections from {KeyOf(remote)} are open",
                    "MaxConnectionsPerAddress",
                    "too_many_connections");
            }

            account.Hold();
            return null;
        }
    }

    /// <summary>A connection has ended.</summary>
    public void Release(EndPoint? remote)
    {
        lock (_gate)
        {
            AccountOf(remote)?.Release();
        }
    }

    // Whoever has one address of an IPv6 network mostly has all of it.
    private static IPAddress? KeyOf(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: var address })
        {
            return null;
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, Ipv6NetworkBytes, bytes.Length - Ipv6NetworkBytes);
        return new IPAddress(bytes);
    }

    private static int SecondsOf(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));

    private int SecondsOf(long steps) => SecondsOf(_time.GetElapsedTime(0, steps));

    private HandshakeRefusal Refuse(
        Limit limit, int status, int seconds, string what, string option, string code = "too_many_handshakes")
    {
        _metrics.Refused(limit);
        return new HandshakeRefusal(
            status, status == 429 ? "rate_limited" : code, $"{what}, which is the limit (Netra:Limits:{option}).", seconds);
    }

    private Account? AccountOf(EndPoint? remote)
    {
        if (KeyOf(remote) is not { } key)
        {
            return null;
        }

        if (!_accounts.TryGetValue(key, out var account))
        {
            Sweep();
            _accounts[key] = account = new Account();
        }

        return account;
    }

    private void Sweep()
    {
        if (_accounts.Count < _sweepAt)
        {
            return;
        }

        var now = _time.GetTimestamp();
        foreach (var (key, account) in _accounts)
        {
            if (account is { UnderWay: 0, Held: 0 } && account.Paid <= now)
            {
                _accounts.Remove(key);
            }
        }

        _sweepAt = Math.Max(LeastAddresses, _accounts.Count * 2);
    }

    private sealed class Account
    {
        public long Paid;

        public int UnderWay { get; private set; }

        public int Held { get; private set; }

        public void Begin() => UnderWay++;

        public void End() => UnderWay--;

        public void Hold() => Held++;

        public void Release() => Held--;
    }
}
