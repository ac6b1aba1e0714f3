using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Metrics;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Delivery;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>What goes wrong on the way to the page.</summary>
internal static class DeliveryFaults
{
    private static readonly string Large = new('x', 8 * 1024);

    public static IEnumerable<Fault> All()
    {
        yield return new(
            "page_makes_no_progress", "S3, P25", "A page answers all pings and acknowledges nothing", "silent_failures", StuckAsync)
        {
            Code = FailureCode.SilentFailure,
            Label = "stuck_page",
            Window = 62,
            Settings = [("Netra:Delivery:FirstRetry", "00:05:00")],
        };
        yield return new(
            "deliveries_stop",
            "P3, P8",
            "Events are accepted for a page that is there, and none is confirmed",
            "very_low_success_rate",
            StuckAsync)
        {
            Window = 60,
            Settings = [("Netra:Delivery:FirstRetry", "00:05:00")],
            Heal = static async bench =>
            {
                var connection = bench.Pipeline.Connections.All.Single(static connection => connection.UserId == "ada");
                connection.Acknowledge(connection.Subscription.LastTold);
                await Task.CompletedTask;
            },
        };
        yield return new(
            "critical_event_unconfirmed",
            "S0 §4, P17",
            "A critical event is sent again and again, and nobody confirms it",
            "critical_delivery_failed",
            static async bench =>
            {
                await bench.PageAsync();
                await (await bench.EmitterAsync()).AgentStartedAsync("demo");
            })
        {
            Code = FailureCode.CriticalDeliveryFailed,
            Window = 40,
            Settings =
            [
                ("Netra:Delivery:Tries", "1"),
                ("Netra:Monitoring:RunLease", "01:00:00"),
                ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
            ],
        };
        yield return new(
            "page_stops_reading",
            "S1 §2, P5, P13, P15",
            "A page reads too slowly, and the queue of its connection is full",
            "buffer_overflow",
            static async bench =>
            {
                bench.Keep(await TestClient.ConnectAsync(bench.Pipeline.SocketAddress("ada"), invoker: SmallReceiveBuffer.Invoker()));
                var emitter = await bench.EmitterAsync();
                await emitter.AgentStartedAsync("demo");
                for (var i = 0; i < 100; i++)
                {
                    await emitter.TokenAsync(Large);
                }
            })
        {
            Code = FailureCode.BufferOverflow,
            Settings = [("Netra:Connections:QueueFrames", "16"), ("Netra:Connections:SendBufferBytes", "16384")],
        };
        yield return new(
            "nobody_is_connected",
            "S3, P22",
            "A run is fed to nobody: events wait, and no page at all is connected",
            "no_connections",
            static bench => bench.PostAsync("agent_started"))
        {
            Window = 63,
            Settings = [("Netra:Monitoring:RunLease", "01:00:00"), ("Netra:Monitoring:MaxRunSilence", "02:00:00")],
            Heal = static bench => bench.PageAsync(),
        };
        yield return new(
            "isolation_breach", "S3, C7", "A connection is registered with another user's stream", "isolation_violations",
            static async bench =>
            {
                var eve = bench.Keep(await TestClient.ConnectAsync(bench.Pipeline.SocketAddress("eve")));
                var emitter = await bench.EmitterAsync();
                var stream = await bench.Pipeline.Streams.PinAsync("ada", CancellationToken.None);
                stream.TryAttach(
                    bench.Pipeline.ConnectionOf(eve.Welcome.ConnectionId).Subscription,
                    ResumeRequest.FromNow,
                    static _ => """{"type":"from_the_test"}"""u8.ToArray());
                await emitter.AgentStartedAsync("demo");
                stream.Pins.Remove();
            })
        {
            Code = FailureCode.IsolationViolation,
        };
        yield return new(
            "events_expire", "S1, P12", "Events are deleted by retention before their user came back", "event_dropped",
            static async bench =>
            {
                await (await bench.EmitterAsync()).AgentStartedAsync("demo");
                bench.Host.Time.Advance(TimeSpan.FromMinutes(3));
            })
        {
            Code = FailureCode.EventDropped,
            Window = 5,
            Settings =
            [
                ("Netra:Streams:Retention", "00:01:00"),
                ("Netra:Monitoring:RunLease", "01:00:00"),
                ("Netra:Monitoring:MaxRunSilence", "02:00:00"),
            ],
        };
        yield return Latency(
            "slow_delivery", "S3", "Events take seconds to be handed to the transport", "high_latency", TimeSpan.FromSeconds(3));
        yield return Latency(
            "very_slow_delivery",
            "S3",
            "Events take more than ten seconds to be handed to the transport",
            "very_high_latency",
            TimeSpan.FromSeconds(20));
        yield return new(
            "delivery_degrades", "S3", "Delivery becomes many times slower than in its own past", "performance_degraded",
            static async bench =>
            {
                for (var i = 0; i < 70; i++)
                {
                    Measure(bench, TimeSpan.FromMilliseconds(50));
                    await bench.PassAsync(1);
                }

                for (var i = 0; i < 180; i++)
                {
                    Measure(bench, TimeSpan.FromMilliseconds(800));
                    await bench.PassAsync(1);
                }
            })
        {
            Window = 30,
        };
        yield return new(
            "connections_drop", "S3, P18", "Most connections are lost within a minute", "unhealthy_check",
            static async bench =>
            {
                for (var i = 0; i < 15; i++)
                {
                    await using var client = await TestClient.ConnectAsync(bench.Pipeline.SocketAddress($"user-{i}"));
                }

                var drops = bench.Host.Services.GetRequiredService<ConnectionDrops>();
                await Eventually.BecomesTrueAsync(() => drops.Total >= 15, "the server noticed");
            })
        {
            Label = "connection_stability",
            Window = 8,
        };
        yield return new(
            "webhook_refuses",
            "S0 §2",
            "The receiver of dead letters is not there",
            "webhook_failed",
            static bench => DeadLetters.MakeAsync(bench.Pipeline, "ada", 1))
        {
            Code = FailureCode.WebhookFailed,
            Window = 8,
            Settings =
            [
                ("Netra:Delivery:Webhook:Url", "http://127.0.0.1:9/hook"),
                ("Netra:Delivery:Webhook:Secret", WebhookReceiver.Secret),
                ("Netra:Delivery:Webhook:Tries", "1"),
            ],
        };
    }

    private static async Task StuckAsync(FaultBench bench)
    {
        var page = await bench.PageAsync();
        var emitter = await bench.EmitterAsync();
        await emitter.AgentStartedAsync("demo");
        await emitter.AgentCompletedAsync("demo");
        await page.ReceivesAsync(2);
    }

    private static Fault Latency(string name, string source, string what, string alert, TimeSpan latency)
        => new(name, source, what, alert, bench =>
        {
            Measure(bench, latency);
            return Task.CompletedTask;
        });

    // As a flush that waited for so long measures it.
    private static void Measure(FaultBench bench, TimeSpan latency)
        => bench.Host.Services.GetRequiredService<DeliveryLatencies>().OnDelivered(100, latency);
}
