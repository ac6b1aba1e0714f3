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
    // When connections come and go at the limit, there is a free slot at most moments, and none when the canary connects.
    [Test]
    public async Task Since_AConnectionWasRefusedMeanwhile_SaysSoAlthoughThereIsRoomAgain()
    {
        var time = new TestTimeProvider();
        var slots = TestSlots.Create(maxConnections: 16, time: time);
        await using var log = new InMemoryEventLog(Options.Create(new InMemoryEventLogOptions()), time);
        using var handles = new HandleWatch(NullLogger<HandleWatch>.Instance, time);
        var faults = new LocalFaults(log, new ThreadPoolProbe(time), slots, handles, new ServedTime(time));
        var all = Enumerable.Range(0, 16).Select(static _ => new DefaultConnectionContext()).ToList();
        all[..15].ForEach(connection => slots.TryEnter(connection));
        var mark = faults.Begin();
        Assert.That(mark.Since(), Is.Null);

        slots.TryEnter(all[15]);
        slots.TryEnter(new DefaultConnectionContext());
        slots.Leave(all[15]);

        Assert.That((faults.Current, slots.Refusals), Is.EqualTo(((string?)null, 1L)));
        Assert.That(mark.Since(), Does.Contain("turned away"));
        Assert.That(faults.Begin().Since(), Is.Null, "the refusal was before this check");
    }
}
