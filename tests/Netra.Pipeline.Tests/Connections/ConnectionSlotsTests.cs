using Microsoft.AspNetCore.Connections;
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

        Assert.That(all.TrueForAll(slots.TryEnter), Is.True);
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
        slots.EndHandshake(first[0]);
        time.Advance(TimeSpan.FromSeconds(3));

        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.True);

        Assert.That(first.ConvertAll(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.EqualTo(new[] { false, true }), "who has said what it wants stays");
        Assert.That(later.Exists(static connection => connection.ConnectionClosed.IsCancellationRequested), Is.False);
        Assert.That(slots.TryEnter(new DefaultConnectionContext()), Is.False, "nobody else has been silent for long");
    }

    [Test]
    public void BeginHandshake_MoreThanMayBeSilent_CutsTheOldest()
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
            slots.BeginHandshake(connection);
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
