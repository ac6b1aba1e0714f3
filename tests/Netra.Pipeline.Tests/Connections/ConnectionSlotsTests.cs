using Microsoft.AspNetCore.Connections;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Connections;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ConnectionSlotsTests
{
    [Test]
    public void TryEnter_MoreThanTheLimit_IsRefusedUntilOneLeaves()
    {
        var slots = TestSlots.Create(maxConnections: 16);
        var all = Enumerable.Range(0, 16).Select(static _ => new DefaultConnectionContext()).ToList();

        Assert.That(all.TrueForAll(connection => slots.TryEnter(connection)), Is.True);
        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.False);
        slots.Leave(all[0]);
        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.True);
        Assert.That(slots.Count, Is.EqualTo(16));
    }

    // A storm of pages that reconnect is in its handshake for a moment, and nobody is in anybody's way.
    [Test]
    public void TryEnter_WhoHasJustCome_MakesNoRoom()
    {
        var time = new TestTimeProvider();
        var slots = TestSlots.Create(maxConnections: 16, time: time);
        var all = Enter(slots, 16);
        time.Advance(TimeSpan.FromSeconds(4));

        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.False);
        Assert.That(all.Exists(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.False);
    }

    [Test]
    public void TryEnter_WhoHasBeenSilentTheLongest_MakesRoom()
    {
        var time = new TestTimeProvider();
        var slots = TestSlots.Create(maxConnections: 16, time: time);
        var first = Enter(slots, 2);
        time.Advance(TimeSpan.FromSeconds(3));
        var later = Enter(slots, 14);
        slots.EndWaiting(first[0]);
        time.Advance(TimeSpan.FromSeconds(3));

        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.True);

        Assert.That(
            first.ConvertAll(static connection => connection.ConnectionClosed.IsCancellationRequested),
            Is.EqualTo(new[] { false, true }),
            "who has said what it wants stays");
        Assert.That(later.Exists(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.False);
        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.False, "nobody else has been silent for long");
    }

    [Test]
    public void BeginWaiting_MoreThanMayBeSilent_CutsTheOldest()
    {
        var time = new TestTimeProvider();
        var slots = TestSlots.Create(maxConnections: 1000, maxHandshakes: 8, time: time);
        var silent = Enter(slots, 20);
        Assert.That(silent.Exists(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.False);
        time.Advance(TimeSpan.FromSeconds(6));

        Enter(slots, 1);

        Assert.That(silent.Count(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.EqualTo(13));
        Assert.That(silent[^1].ConnectionClosed.IsCancellationRequested, Is.False);
    }

    // A request may wait for its body for as long as it is served; what is kept alive afterwards waits for the next one.
    [Test]
    public void TryEnter_WhoseRequestIsServed_MakesNoRoom()
    {
        var time = new TestTimeProvider();
        var slots = TestSlots.Create(maxConnections: 16, time: time);
        var all = Enter(slots, 16);
        all.ForEach(slots.BeginRequest);
        time.Advance(TimeSpan.FromSeconds(6));

        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.False);
        slots.EndRequestOfHost(all[3], endInput: null);
        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.False, "it has just been served");
        time.Advance(TimeSpan.FromSeconds(6));

        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.True);
        Assert.That(all.FindIndex(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.EqualTo(3));
    }

    // When the host stops, what it serves beside the pipeline is its own, to the last byte of the answer.
    [Test]
    public void CutAll_WhatTheHostServes_IsLeftAlone()
    {
        var slots = TestSlots.Create(maxConnections: 16);
        var ended = new List<int>();
        var all = Enter(slots, 6);
        var unknown = new Cut();
        slots.TryEnter(unknown);
        all.ForEach(slots.BeginRequest);
        slots.ClaimRequest(all[1]);
        for (var i = 2; i < 6; i++)
        {
            var connection = i;
            slots.EndRequestOfHost(all[i], i is 2 or 3 ? () => ended.Add(connection) : null);
        }

        // HTTP/1 answers one request after the other, HTTP/2 several at once.
        foreach (var connection in new[] { all[3], all[4] })
        {
            slots.BeginRequest(connection);
            slots.ClaimRequest(connection);
            slots.EndOwnRequest(connection);
        }

        slots.BeginRequest(all[5]);
        slots.ClaimRequest(all[5]);

        Assert.That(slots.CutAll(), Is.EqualTo(3));
        Assert.That(
            all.ConvertAll(static connection => connection.ConnectionClosed.IsCancellationRequested),
            Is.EqualTo(new[] { false, true, false, true, false, true }));
        Assert.That(ended, Is.EqualTo(new[] { 2 }), "it takes no further request");
        Assert.That(unknown.ConnectionClosed.IsCancellationRequested, Is.False);
    }

    // The server would wait for its handshake, 10 s.
    [Test]
    public void CutAll_WhoIsStillBeforeTls_IsCut()
    {
        var slots = TestSlots.Create(maxConnections: 16);
        var door = new ListenerDoor();
        var silent = new Cut();
        slots.TryEnter(silent, door);
        Assert.That(slots.CutAll(), Is.Zero, "its listener may be the host's own");
        var page = new Cut();
        slots.TryEnter(page, door);
        slots.BeginWaiting(page);

        Assert.That(slots.CutAll(), Is.EqualTo(2));
        Assert.That(silent.ConnectionClosed.IsCancellationRequested, Is.True);
    }

    [Test]
    public void TryHold_SomePlacesAreKept()
    {
        var slots = TestSlots.Create(maxConnections: 80, maxHandshakes: 1000);
        Assert.That((slots.HandshakeLimit, slots.HoldLimit), Is.EqualTo((10, 70)));

        Assert.That(Enumerable.Range(0, 70).All(_ => slots.TryHold()), Is.True);
        Assert.That(slots.TryHold(), Is.False);
        slots.Release();
        Assert.That(slots.TryHold(), Is.True);
    }

    private static List<ConnectionContext> Enter(Netra.Pipeline.Connections.ConnectionSlots slots, int count)
    {
        var all = new List<ConnectionContext>();
        for (var i = 0; i < count; i++)
        {
            var connection = new Cut();
            Assert.That(slots.TryEnter(connection), Is.True);
            slots.BeginWaiting(connection);
            all.Add(connection);
        }

        return all;
    }

    // The framework's own forgets that it was aborted.
    private sealed class Cut : DefaultConnectionContext
    {
        private readonly CancellationTokenSource _closed = new();

        public Cut() => ConnectionClosed = _closed.Token;

        public override void Abort(ConnectionAbortedException abortReason) => _closed.Cancel();
    }
}
