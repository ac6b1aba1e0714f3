using System.Text;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Streams;

/// <summary>One user's stream without sockets: emitting, and devices that read when a test says so.</summary>
internal sealed class StreamHarness
{
    public const string UserId = "ada";

    private readonly StreamOptions _options;
    private readonly StreamObservers _observers;
    private readonly WindowBudget _budget;

    private StreamHarness(ThrottledEventLog log, StreamOptions options, StreamObservers observers)
        => (Log, _options, _observers, _budget) = (log, options, observers, new WindowBudget(Options.Create(options)));

    public ThrottledEventLog Log { get; }

    public UserStream Stream { get; private set; } = null!;

    public StreamRun Run { get; private set; } = null!;

    public static DateTimeOffset Noon { get; } = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    public static async Task<StreamHarness> CreateAsync(
        int windowEvents = 16, long windowBudget = 1024 * 1024, ThrottledEventLog? log = null, StreamObservers? observers = null)
    {
        var options = new StreamOptions { WindowEvents = windowEvents, WindowBudgetBytes = windowBudget };
        var harness = new StreamHarness(log ?? new ThrottledEventLog(), options, observers ?? StreamObservers.None);
        await harness.ReopenAsync();
        return harness;
    }

    public static EventDraft Draft(UserStream stream, EventType type = EventType.Token, int padding = 0, DateTimeOffset? at = null) => new(
        type,
        at ?? Noon,
        OwnerTag.Of(UserId),
        Body(type, new string('x', padding)),
        stream.ExpectedSeq);

    /// <summary>An event's body, laid out as the encoder does.</summary>
    public static byte[] Body(EventType type, string delta) => Encoding.UTF8.GetBytes(
        $$$"""
        "type":"{{{EventTypes.WireName(type)}}}","thread_id":"t","run_id":"r","timestamp":1.5,"data":{"delta":"{{{delta}}}"}}
        """);

    /// <summary>Loads the stream, as at first or after an eviction.</summary>
    public async Task ReopenAsync()
    {
        var services = new StreamServices(Log, _options, _budget, _observers, TimeProvider.System);
        Stream = await UserStream.OpenAsync(services, UserId, run: null, CancellationToken.None);
        await Stream.Storage.ClaimAsync(CancellationToken.None);
        Run = await Stream.Runs.EnterAsync("t", "r", agentName: null, CancellationToken.None);
    }

    /// <summary>Lets everything expire while nobody has the stream loaded, and loads it again.</summary>
    public async Task ReloadWithAllExpiredAsync()
    {
        Assert.That(Stream.TryEvictNow(), Is.True);
        await Stream.ReleaseAsync(CancellationToken.None);
        await Log.ExpireAsync(DateTimeOffset.MaxValue, CancellationToken.None);
        await ReopenAsync();
    }

    public AppendOutcome Emit(EventType type = EventType.Token, int padding = 0, bool requireRoom = false, DateTimeOffset? at = null)
        => Stream.Append(Draft(Stream, type, padding, at), Run, requireRoom);

    public void EmitMany(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.That(Emit().Kind, Is.EqualTo(AppendKind.Accepted));
        }
    }

    public StreamDevice Connect(in ResumeRequest request = default, int queueFrames = 8, bool joins = false)
        => StreamDevice.Connect(Stream, request, queueFrames, joins);

    public ResumeRequest ResumeAt(long seq, long? from = null) => new(Log.Epoch, seq, from);
}
