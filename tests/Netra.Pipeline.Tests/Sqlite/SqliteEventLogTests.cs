using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Storage;

namespace Netra.Pipeline.Tests.Sqlite;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class SqliteEventLogTests : EventLogComplianceTests
{
    private readonly SqliteFolder _folder = new();

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    protected override IEventLog Create(long? retainedBytes = null, long? maxBytes = null)
        => _folder.NewSubfolder().Create(options =>
        {
            options.RetainedBytes = retainedBytes ?? options.RetainedBytes;
            options.MaxBytes = maxBytes ?? options.MaxBytes;
        });
}
