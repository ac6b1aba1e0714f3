using Microsoft.Extensions.Logging;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Failures;

/// <summary>A reporter with everything it tells made visible.</summary>
internal sealed class ReporterUnderTest : IDisposable
{
    private readonly TestMeterFactory _meters = new();

    public ReporterUnderTest(ILogger? logger = null, Action<string, ErrorMessage, long>? tell = null)
    {
        Metrics = new MetricRecorder(_meters);
        Reporter = new FailureReporter(
            logger ?? LoggerProvider.CreateLogger<FailureReporter>(),
            _meters,
            Feed,
            tell ?? ((user, message, failures) => Told.Add((
                user, (ErrorMessage)ServerMessageReader.Read(ServerMessageWriter.Error(new WaitingError(message, failures).ToMessage()))))),
            Time);
    }

    public CapturingLoggerProvider LoggerProvider { get; } = new();

    public IReadOnlyList<CapturedLog> Logs => LoggerProvider.Logs;

    public MetricRecorder Metrics { get; }

    public FailureFeed Feed { get; } = new();

    public TestTimeProvider Time { get; } = new();

    public List<(string User, ErrorMessage Message)> Told { get; } = [];

    public FailureReporter Reporter { get; }

    public double Counted(FailureCode code) => Metrics.Sum("netra.failures", "error.type", FailureCodes.WireName(code));

    public void Dispose()
    {
        Reporter.Dispose();
        Metrics.Dispose();
        _meters.Dispose();
        LoggerProvider.Dispose();
    }
}
