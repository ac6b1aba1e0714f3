using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Alerting;

/// <summary>Says in the log who has changed or read what. It is stored by the <see cref="AlertCenter"/>, together with what was changed. Stateless.</summary>
internal sealed partial class AlertAudit(ILogger<AlertAudit> logger)
{
    public void Log(AuditRecord record) => Lines.Recorded(logger, record.Author, record.Action, record.Subject, record.Detail);

    private static partial class Lines
    {
        [LoggerMessage(EventIds.OperatorAudited, LogLevel.Information, "AUDIT {Author} {Action} {Subject}: {Detail}", EventName = nameof(EventIds.OperatorAudited))]
        public static partial void Recorded(ILogger logger, string author, string action, string subject, string detail);
    }
}
