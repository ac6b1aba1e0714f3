using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Health;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LocalFaultsTests
{
    // Under churn at the limit there is a free place whenever anybody looks, and none when the canary comes.
    [Test]
    public async Task Since_SomebodyWasTurnedAwayMeanwhile_IsToldAlthoughThereIsRoomAgain()
    {
        var time = new TestTimeProvider();
        var slots = TestSlots.Create(maxConnections: 16, time: time);
        await using var log = new InMemoryEventLog(Options.Create(new InMemoryEventLogOptions()), time);
        using var handles = new HandleWatch(NullLogger<HandleWatch>.Instance, time);
        var own = new LocalFaults(log, new ThreadPoolProbe(time), slots, handles, new ServedTime(time));
        var all = Enumerable.Range(0, 16).Select(static _ => new DefaultConnectionContext()).ToList();
        all[..15].ForEach(connection => slots.TryEnter(connection));
        var mark = own.Begin();
        Assert.That(mark.Since(), Is.Null);

        slots.TryEnter(all[15]);
        slots.TryEnter(new DefaultConnectionContext());
        slots.Leave(all[15]);

        Assert.That((own.Now, slots.Refusals), Is.EqualTo(((string?)null, 1L)));
        Assert.That(mark.Since(), Does.Contain("turned away"));
        Assert.That(own.Begin().Since(), Is.Null, "what was before is over");
    }
}
