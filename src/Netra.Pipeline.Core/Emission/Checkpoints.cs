using Microsoft.Extensions.Logging;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Diagnostic checkpoints: a DEBUG line at each of the five points of a lifecycle event's way, to find where one got stuck. The category is
/// off unless it is set to Debug, and then costs a look. Bounded: of events above the limit only the first two points are said, and one
/// that does not come on within the patience is said to have not. Safe from any thread.
/// </summary>
internal sealed partial class Checkpoints(ILoggerFactory loggers)
{
    /// <summary>The category that turns them on.</summary>
    public const string Category = "Netra.Pipeline.Checkpoints";

    private const int MaxFollowed = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ILogger _logger = loggers.CreateLogger(Category);
    private int _followed;

    public void Follow(EventType type, in EventReceipt receipt, in AppendOutcome outcome, UserExecutionContext context)
    {
        if (!_logger.IsEnabled(LogLevel.Debug))
        {
            return;
        }

        Log.Accepted(
            _logger, receipt.AssignedId, EventTypes.WireName(type), receipt.AssignedSeq, context.UserId, context.ThreadId, context.RunId);
        Log.Queued(_logger, receipt.AssignedId, outcome.Connected, outcome.Lagging);
        if (Interlocked.Increment(ref _followed) > MaxFollowed)
        {
            Interlocked.Decrement(ref _followed);
            return;
        }

        // Observed: it catches everything itself.
        _ = FollowAsync(receipt);
    }

    private async Task FollowAsync(EventReceipt receipt)
    {
        try
        {
            await Task.WhenAll(
                FollowAsync(receipt, DeliveryStage.Stored, Log.Stored),
                FollowAsync(receipt, DeliveryStage.Written, Log.Written),
                FollowAsync(receipt, DeliveryStage.Acknowledged, Log.Acknowledged));
        }
        finally
        {
            Interlocked.Decrement(ref _followed);
        }
    }

    private async Task FollowAsync(EventReceipt receipt, DeliveryStage stage, Action<ILogger, string> reached)
    {
        try
        {
            await receipt.WhenAsync(stage, Patience);
            reached(_logger, receipt.AssignedId);
        }
        catch (Exception exception)
        {
            Log.NotReached(_logger, receipt.AssignedId, stage, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.CheckpointAccepted,
            LogLevel.Debug,
            "Checkpoint 1, accepted: event {EventId}, {Type}, number {Seq} [user {UserId}, thread {ThreadId}, run {RunId}]",
            EventName = nameof(EventIds.CheckpointAccepted))]
        public static partial void Accepted(
            ILogger logger, string eventId, string type, long seq, string userId, string threadId, string runId);

        [LoggerMessage(
            EventIds.CheckpointQueued,
            LogLevel.Debug,
            "Checkpoint 2, queued: event {EventId}, for {Connections} connections; {Lagging} more lag and get it later",
            EventName = nameof(EventIds.CheckpointQueued))]
        public static partial void Queued(ILogger logger, string eventId, int connections, int lagging);

        [LoggerMessage(
            EventIds.CheckpointStored,
            LogLevel.Debug,
            "Checkpoint 3, stored: event {EventId}",
            EventName = nameof(EventIds.CheckpointStored))]
        public static partial void Stored(ILogger logger, string eventId);

        [LoggerMessage(
            EventIds.CheckpointWritten,
            LogLevel.Debug,
            "Checkpoint 4, written: event {EventId}",
            EventName = nameof(EventIds.CheckpointWritten))]
        public static partial void Written(ILogger logger, string eventId);

        [LoggerMessage(
            EventIds.CheckpointAcknowledged,
            LogLevel.Debug,
            "Checkpoint 5, acknowledged: event {EventId}",
            EventName = nameof(EventIds.CheckpointAcknowledged))]
        public static partial void Acknowledged(ILogger logger, string eventId);

        [LoggerMessage(
            EventIds.CheckpointNotReached,
            LogLevel.Debug,
            "Event {EventId} has not come to {Stage}: {Reason}",
            EventName = nameof(EventIds.CheckpointNotReached))]
        public static partial void NotReached(ILogger logger, string eventId, DeliveryStage stage, string reason);
    }
}
