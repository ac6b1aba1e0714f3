using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

/// <summary>Spec E2: every run ends with exactly one terminal event, also one whose server ended before it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class InterruptedRunsTests
{
    [Test]
    public async Task Start_RunsWereOpen_EachIsFailedOnceBeforeAnybodyElseMayEmit()
    {
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<InterruptedLog>());
        var log = (InterruptedLog)host.Services.GetRequiredService<IEventLog>();

        Assert.That(host.Bridge.State, Is.EqualTo(BridgeState.Ready));
        Assert.That(
            log.StateAtEnd, Is.EquivalentTo(new[] { BridgeState.Initializing, BridgeState.Initializing, BridgeState.Initializing }));
        await using var client = await TestClient.ConnectAsync(host.SocketAddress("ada", "&seq=0"));
        var failed = await client.ReadEventsAsync(2);
        Assert.That(
            failed.Select(static e => (e.EventType, e.ThreadId, e.RunId, e.Data.GetProperty("agent_name").GetString(), e.Data.GetProperty(
                "error").GetProperty("code").GetString())),
            Is.EqualTo(new[]
            {
                ((EventType?)EventType.AgentFailed, "t1", "r1", "researcher", "server_restart"),
                (EventType.AgentFailed, "t2", "r1", "unknown", "server_restart"),
            }));
        Assert.That(
            host.Failures.Latest(10).Select(static f => (f.Code, f.UserId, f.ThreadId, f.RunId)),
            Is.EquivalentTo(new[] { (FailureCode.ServerRestart, "ada", "t1", "r1"), (FailureCode.ServerRestart, "ada", "t2", "r1") }),
            "a verification that was interrupted is ended, but concerns nobody");

        await using var emitter = await host.EmitterOfAsync("ada");
        var late = Assert.ThrowsAsync<SendFailureException>(async () => await emitter.TokenAsync("late"))!;
        Assert.That(late.Code, Is.EqualTo(FailureCode.RunEnded));
        await host.Services.GetRequiredService<InterruptedRuns>().EndAsync(CancellationToken.None);
        await client.AckAsync(2);
        Assert.That(host.Streams.TryGetLoaded("ada", out var stream) ? stream.Snapshot().Head : 0, Is.EqualTo(2), "once");
    }

    [Test]
    public async Task Start_LogIsFull_ServesAndEndsThemLater()
    {
        var time = new TestTimeProvider();
        await using var host = await PipelineHost.StartAsync(static builder => builder.UseEventLog<FullInterruptedLog>(), time: time);
        var log = (InterruptedLog)host.Services.GetRequiredService<IEventLog>();
        Assert.That(host.Bridge.State, Is.EqualTo(BridgeState.Ready));
        Assert.That(log.StateAtEnd, Is.Empty);

        log.IsFull = false;
        await host.StepAsync(time, 60);
        await Eventually.BecomesTrueAsync(() => log.StateAtEnd.Count == 3, "they were ended");

        Assert.That(host.Failures.Latest(100).Count(static f => f.Code == FailureCode.ServerRestart), Is.EqualTo(2));
    }

    private class InterruptedLog(PipelineBridge bridge, IOptions<InMemoryEventLogOptions> options, TimeProvider time)
        : DelegatingEventLog(new InMemoryEventLog(options, time))
    {
        private readonly Lock _gate = new();
        private readonly List<BridgeState> _stateAtEnd = [];

        /// <summary>Whether it takes no ends of runs.</summary>
        public bool IsFull { get; set; }

        /// <summary>Where the bridge stood when a run was failed.</summary>
        public IReadOnlyList<BridgeState> StateAtEnd
        {
            get
            {
                lock (_gate)
                {
                    return [.. _stateAtEnd];
                }
            }
        }

        public override ValueTask<IReadOnlyList<OpenRun>> ReadOpenRunsAsync(CancellationToken cancellationToken)
            => ValueTask.FromResult<IReadOnlyList<OpenRun>>(
                [
                    new OpenRun("ada", "t1", "r1", "researcher", IsEmbedded: true),
                    new OpenRun("$verification", "startup-verification", "v1", "verification", IsEmbedded: true),
                    new OpenRun("ada", "t2", "r1", AgentName: null, IsEmbedded: true),
                ]);

        public override AppendResult TryAppend(StreamLease lease, in LogEntry entry)
        {
            if (entry.Type != EventType.AgentFailed)
            {
                return base.TryAppend(lease, entry);
            }

            if (IsFull)
            {
                return AppendResult.Full;
            }

            lock (_gate)
            {
                _stateAtEnd.Add(bridge.State);
            }

            return base.TryAppend(lease, entry);
        }
    }

    private sealed class FullInterruptedLog : InterruptedLog
    {
        public FullInterruptedLog(PipelineBridge bridge, IOptions<InMemoryEventLogOptions> options, TimeProvider time)
            : base(bridge, options, time) => IsFull = true;
    }
}
