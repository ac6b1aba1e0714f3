using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Alerting;

/// <summary>Logs what operators change and read. The same records are stored by the <see cref="AlertCenter"/>. Stateless.</summary>
internal sealed partial class OperatorActionLog(ILogger logger)
{
    /// <summary>The logger's category. Operators filter log lines by it, so it stays as it is.</summary>
    public const string Category = "Netra.Pipeline.Alerting.AlertAudit";

    public void Add(AuditRecord record) => Log.Recorded(logger, record.Author, record.Action, record.Subject, record.Detail);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.OperatorAudited, LogLevel.Information, "AUDIT {Author} {Action} {Subject}: {Detail}",
            EventName = nameof(EventIds.OperatorAudited))]
        public static partial void Recorded(ILogger logger, string author, string action, string subject, string detail);
    }
}

/// <summary>One change that an operator made, or one thing that an operator read. Immutable.</summary>
/// <param name="Number">Its place in the list of operators' actions.</param>
/// <param name="At">When.</param>
/// <param name="Author">Who.</param>
/// <param name="Action">What was done, such as <c>rule_changed</c>.</param>
/// <param name="Subject">To what, such as the rule's name.</param>
/// <param name="Detail">The values before and after, for people.</param>
public sealed record AuditRecord(long Number, DateTimeOffset At, string Author, string Action, string Subject, string Detail);
