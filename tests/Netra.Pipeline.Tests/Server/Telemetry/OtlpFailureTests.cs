using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.Telemetry;

/// <summary>Exports that fail, and signals that nobody has asked for.</summary>
[TestFixture]
[NonParallelizable]
internal sealed class OtlpFailureTests
{
    [Test]
    public async Task Server_ReceiverRefuses_SaysSoOnceAMinuteAndGoesOn()
    {
        await using var receiver = await OtlpReceiver.StartAsync(status: 400);
        var output = await RunAsync(receiver, [("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address.ToString())], atLeast: 3);

        Assert.That(Lines(output, "Telemetry could not be exported"), Has.Count.EqualTo(1).And.All.Contains("400"), output);
    }

    [Test]
    public async Task Server_EndpointOfOneSignal_ExportsThatOneAlone()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var output = await RunAsync(receiver, [("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", $"{receiver.Address}v1/metrics")], atLeast: 2);

        Assert.That(receiver.Requests.Select(static request => request.Text("signal")), Is.All.EqualTo("metrics"));
        Assert.That(Lines(output, "Telemetry could not be exported"), Is.Empty, "nothing goes to a collector that nobody named");
        Assert.That(output, Does.Contain("Telemetry is exported over OTLP: metrics"));
    }

    [Test]
    public async Task Server_SdkDisabled_ExportsNothing()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var output = await RunAsync(
            receiver, [("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address.ToString()), ("OTEL_SDK_DISABLED", "true")], atLeast: 0);

        Assert.That(receiver.Requests, Is.Empty);
        Assert.That(output, Does.Not.Contain("OTLP"));
    }

    [Test]
    public async Task Server_DoesNotStart_ExportsWhy()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var folder = Directory.CreateTempSubdirectory("netra-otlp-");
        try
        {
            await using var server = ServerProcess.Start(
                "Production",
                [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address.ToString())],
                $"--Netra:DataDirectory={folder.FullName}");
            await server.WhenExitedAsync();
            await receiver.EndAsync();

            Assert.That(
                receiver.Items("logs").Select(static log => log.Item.GetProperty("body").Text("stringValue")),
                Has.Some.Contains("IConnectionAuthenticator"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<string> Lines(string output, string part)
        => [.. output.Split('\n').Where(line => line.Contains(part, StringComparison.Ordinal))];

    private static async Task<string> RunAsync(OtlpReceiver receiver, (string Name, string Value)[] variables, int atLeast)
    {
        var folder = Directory.CreateTempSubdirectory("netra-otlp-");
        try
        {
            await using var server = ServerProcess.Start(
                "Development",
                [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"), .. variables],
                $"--Netra:DataDirectory={folder.FullName}");
            await server.WhenListeningAsync();
            await Eventually.BecomesTrueAsync(() => receiver.Requests.Count >= atLeast, $"{atLeast} requests have come");
            await server.StopAsync();
            await receiver.EndAsync();
            return server.Output;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
