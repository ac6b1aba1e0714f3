using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Server.Demo;
using Netra.Pipeline.Server.Telemetry;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Metrics;

/// <summary>docs/operations.md against the instruments of a started host.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class MetricsTableTests
{
    [Test]
    public async Task Table_AgainstAStartedHost_HasEveryInstrumentAsItIs()
    {
        using var meters = new TestMeterFactory();
        var instruments = new List<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                lock (instruments)
                {
                    instruments.Add(instrument);
                }
            },
        };
        listener.Start();
        await using var host = await PipelineHost.StartAsync(
            pipeline => pipeline.Services.AddSingleton<IMeterFactory>(meters), log: KindOfLog.Sqlite);
        await using var console = new ConsoleOutput(Stream.Null);
        console.TellOf(host.Services.GetRequiredService<ILoggerFactory>(), meters);
        using var failures = new ExportFailures(host.Services.GetRequiredService<ILoggerFactory>(), meters, TimeProvider.System);

        List<string> actual;
        lock (instruments)
        {
            actual =
            [
                .. instruments.Where(i => meters.Owns(i) && i.Meter.Name == PipelineMeter.Name)
                    .Select(static i => $"{i.Name} {TypeOf(i)} {i.Unit}")
            ];
        }

        var table = MetricsTable.Read();
        Assert.That(actual, Is.Unique, "an instrument is made once");
        Assert.That(actual, Is.EquivalentTo(table.Select(static row => $"{row.Name} {row.Type} {row.Unit}")));
    }

    [Test]
    public async Task Table_AgainstWhatIsMeasured_NamesEveryAttribute()
    {
        using var meters = new TestMeterFactory();
        using var recorder = new MetricRecorder(meters);
        await using (var host = await PipelineHost.StartAsync(
            pipeline =>
            {
                pipeline.Services.AddSingleton<IMeterFactory>(meters);
                pipeline.AddDemo();
            },
            [("Netra:Demo:TokenDelay", "00:00:00"), ("Netra:Demo:DocumentsDirectory", "documents")],
            log: KindOfLog.Sqlite))
        {
            await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
            await page.SendAsync(
                Encoding.UTF8.GetBytes("""{"type":"chat_message","id":"m1","thread_id":"t1","content":"What is 2+2? What is 1/0?"}"""));
            EventMessage last;
            do
            {
                last = await page.ReadAsync<EventMessage>();
            }
            while (!EventTypes.IsTerminal(last.EventType!.Value));

            await page.AckAsync(last.Seq);
            await using var again = await TestClient.ConnectAsync(host.SocketAddress("ada", $"&epoch={page.Welcome.Epoch}&seq=1"));
            await again.ReadEventsAsync(1);
            Assert.That(async () => await TestClient.ConnectAsync(new Uri($"ws://127.0.0.1:{host.Port}/ws")), Throws.Exception);
            await Eventually.BecomesTrueAsync(
                () => recorder.Sum("netra.replay.duration", "netra.outcome", "complete") > 0, "the replay is measured");
        }

        recorder.Observe();
        var table = MetricsTable.Read().ToDictionary(static row => row.Name, StringComparer.Ordinal);
        var measured = recorder.Measurements.Where(static measurement => measurement.Instrument.Split('.')[0] is "netra" or "gen_ai")
            .ToList();
        Assert.Multiple(() =>
        {
            foreach (var measurement in measured)
            {
                Assert.That(measurement.Tags.Keys, Is.SubsetOf(table[measurement.Instrument].Attributes), measurement.Instrument);
            }

            Assert.That(
                measured.Where(static m => m.Instrument == "netra.connection.duration").SelectMany(static m => m.Tags.Keys),
                Does.Contain("error.type").Or.Contain("netra.connection.end_reason"));
            Assert.That(recorder.Sum("netra.events.replayed"), Is.Positive);
            Assert.That(
                measured.Select(static m => m.Instrument),
                Does.Contain("gen_ai.execute_tool.duration")
                    .And.Contain("gen_ai.invoke_agent.duration")
                    .And.Contain("netra.log.commit.duration"));
        });
    }

    [Test]
    public void Table_Attributes_NameNothingUnbounded()
        => Assert.That(
            MetricsTable.Read().SelectMany(static row => row.Attributes),
            Has.None.Contains("user").And.None.Contains("run.id").And.None.Contains("thread").And.None.Contains("connection.id"));

    private static string TypeOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "up-down counter",
        "Gauge" or "ObservableGauge" => "gauge",
        "Histogram" => "histogram",
        var other => other,
    };
}
