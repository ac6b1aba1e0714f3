using System.Text.Json;
using System.Text.Json.Nodes;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Publishing;

/// <content>
/// What becomes of a tool whose result is too large: pages that show it as running are told that it has ended, since its publisher may not
/// say it again.
/// </content>
internal sealed partial class EventPublisher
{
    private async ValueTask CloseToolAsync(
        PublishTarget target, RefusedEvent refused, PublishRequest request, CancellationToken cancellationToken)
    {
        const EventType Type = EventType.ToolCompleted;
        if (refused.Type != EventTypes.WireName(Type)
            || refused.ToolName is not { } tool
            || target.RefusalScope is not { UserId: not null, ThreadId: not null, RunId: not null } scope)
        {
            return;
        }

        try
        {
            var emitter = request.Find(target) ?? await request.OpenAsync(target, request.CreateContext(target), cancellationToken);
            var subject = new EventSubject(tool, refused.CallId);
            if (!emitter.Life.TryEndTool(subject))
            {
                return;
            }

            var data = new JsonObject
            {
                ["tool_name"] = tool,
                ["call_id"] = refused.CallId,
                ["status"] = "failed",
                ["error"] = new JsonObject
                {
                    ["code"] = FailureCodes.WireName(FailureCode.EventTooLarge),
                    ["message"] = "The result is too large to be shown: the backend has been told.",
                },
            };
            if (refused.CallId is null)
            {
                data.Remove("call_id");
            }

            var json = JsonSerializer.SerializeToUtf8Bytes(data);
            await emitter.EmitRawAsync(
                new PublishedData(Type, json, AddMetadata: true, AddTimestamp: true) { Subject = subject },
                key: null,
                request.IsUrgent,
                cancellationToken);
        }
        catch (PipelineException exception)
        {
            // It has been reported, as the refusal that led here; reported once more, it changes nothing.
            failures.Report(exception);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            failures.Report(Failure.In(
                FailureCode.SendFailed, scope, $"The end of tool {tool}, whose result was too large, was not told: its publisher hung up"));
        }
    }
}
