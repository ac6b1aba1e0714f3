using Microsoft.Extensions.Options;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

/// <summary>The in-memory log, full for those events that the test says.</summary>
internal sealed class RefusingLog(Scripts scripts, IOptions<InMemoryEventLogOptions> options, TimeProvider time)
    : DelegatingEventLog(new InMemoryEventLog(options, time))
{
    public override string Bound => "nothing that this test refuses";

    public override AppendResult TryAppend(StreamLease lease, in LogEntry entry) =>
        scripts.LogRefuses(entry.Type) ? AppendResult.Full : base.TryAppend(lease, entry);
}
