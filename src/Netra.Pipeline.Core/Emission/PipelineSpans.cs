using System.Diagnostics;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Contexts;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tenants;

namespace Netra.Pipeline.Emission;

/// <summary>
/// Makes the spans: one a run, one a tool call, one a lifecycle event that comes over HTTP, and one for the acknowledgement of a run's end
/// (<see cref="AcknowledgementSpans"/>); none for tokens. Names and attributes follow the OpenTelemetry conventions for generative AI and
/// messaging. Every method costs a look at the source's listeners while no listener collects spans. Safe from any thread.
/// </summary>
internal sealed class PipelineSpans(IOptions<TelemetryOptions> options)
{
    // The name of a user's stream must not be in a span's name; its template is.
    private const string Destination = "users/{user_id}";

    private readonly bool _includeUserIds = options.Value.IncludeUserIds;

    /// <summary>Begins the span of a run, as a child of the trace that the run belongs to. The caller ends it.</summary>
    public Activity? InvokeAgent(string agentName, UserExecutionContext context)
    {
        // The system's own runs belong to no user.
        if (!PipelineActivitySource.Instance.HasListeners() || context.IsSystem)
        {
            return null;
        }

        var span = PipelineActivitySource.Instance.StartActivity($"invoke_agent {agentName}", ActivityKind.Internal, ParentOf(context));
        Describe(span, context)?.SetTag("gen_ai.operation.name", "invoke_agent").SetTag("gen_ai.agent.name", agentName);
        return span;
    }

    /// <summary>Begins the span of a tool call, as a child of its run's. The caller ends it.</summary>
    /// <param name="run">The run's span; without one the call has none.</param>
    /// <param name="toolName">The tool.</param>
    /// <param name="callId">The call.</param>
    /// <param name="context">The run.</param>
    public Activity? ExecuteTool(Activity? run, string toolName, string callId, UserExecutionContext context)
    {
        if (run is null)
        {
            return null;
        }

        // By context, since an agent may call its tools from a flow of its own that knows nothing of the run's span.
        var span = PipelineActivitySource.Instance.StartActivity($"execute_tool {toolName}", ActivityKind.Internal, run.Context);
        Describe(span, context)?
            .SetTag("gen_ai.operation.name", "execute_tool")
            .SetTag("gen_ai.tool.name", toolName)
            .SetTag("gen_ai.tool.type", "function")
            .SetTag("gen_ai.tool.call.id", callId);
        return span;
    }

    /// <summary>
    /// Begins the span of a lifecycle event that comes from a publisher, as a child of the publisher's trace. The caller ends it.
    /// </summary>
    public Activity? Send(EventType type, UserExecutionContext context)
    {
        if (!EventTypes.IsCritical(type) || !PipelineActivitySource.Instance.HasListeners())
        {
            return null;
        }

        var span = PipelineActivitySource.Instance.StartActivity($"send {Destination}", ActivityKind.Producer, ParentOf(context));
        DescribeMessage(span, "send")?.SetTag("netra.event.type", EventTypes.WireName(type));
        Describe(span, context);
        return span;
    }

    /// <summary>
    /// Begins the span of an acknowledgement, when its event was accepted, as the root of a trace that links to the event's. The caller
    /// says when it ends.
    /// </summary>
    /// <param name="creation">The trace context in the event's envelope.</param>
    /// <param name="acceptedAt">When the event was accepted.</param>
    /// <param name="userKey">Whose it is.</param>
    public Activity? Settle(ActivityContext creation, DateTimeOffset acceptedAt, string userKey)
    {
        var span = PipelineActivitySource.Instance.StartActivity(
            $"settle {Destination}",
            ActivityKind.Client,
            parentContext: default,
            links: [new ActivityLink(creation)],
            startTime: acceptedAt);
        NameUser(span, userKey);
        return DescribeMessage(span, "settle");
    }

    /// <summary>Says that what a span covers has failed.</summary>
    /// <param name="span">The span, if there is one.</param>
    /// <param name="errorType">The failure's code: low in cardinality.</param>
    /// <param name="message">What happened.</param>
    public static void Fail(Activity? span, string errorType, string message)
        => span?.SetTag("error.type", errorType).SetStatus(ActivityStatusCode.Error, message);

    private Activity? Describe(Activity? span, UserExecutionContext context)
    {
        NameUser(span, context.UserKey);
        return span?.SetTag("gen_ai.conversation.id", context.ThreadId).SetTag("netra.run.id", context.RunId);
    }

    private void NameUser(Activity? span, string userKey)
    {
        if (_includeUserIds)
        {
            span?.SetTag("enduser.id", UserKey.UserOf(userKey)).SetTag("netra.tenant.id", UserKey.TenantOrNull(userKey));
        }
    }

    private static Activity? DescribeMessage(Activity? span, string operation) => span?
        .SetTag("messaging.system", "netra")
        .SetTag("messaging.operation.name", operation)
        .SetTag("messaging.operation.type", operation)
        .SetTag("messaging.destination.template", Destination);

    // Without a trace of its own, what the caller runs in is the parent.
    private static ActivityContext ParentOf(UserExecutionContext context) => TryParse(context.Trace, out var parent) ? parent : default;

    /// <summary>The trace that a context belongs to, if it has one.</summary>
    public static bool TryParse(TraceContext? trace, out ActivityContext context)
    {
        context = default;
        return trace is not null && ActivityContext.TryParse(trace.TraceParent, trace.TraceState, isRemote: true, out context);
    }
}
