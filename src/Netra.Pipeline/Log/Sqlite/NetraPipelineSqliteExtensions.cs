using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Log.Sqlite;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the SQLite log.</summary>
public static class NetraPipelineSqliteExtensions
{
    /// <summary>
    /// Keeps events in a SQLite file, <c>netra.db</c> in <c>Netra:DataDirectory</c>. Its options are read from the configuration section <c>Netra:Log:Sqlite</c>, and validated at start.
    /// </summary>
    /// <param name="builder">The pipeline.</param>
    public static NetraPipelineBuilder UseSqliteEventLog(this NetraPipelineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSection<DataOptions>("Netra");
        builder.Services.AddSection<SqliteEventLogOptions>("Netra:Log:Sqlite");
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SqliteEventLogOptions>, SqliteLimitsValidator>());
        return builder.UseEventLog<SqliteEventLog>();
    }
}
