using Netra.Pipeline.Hosting;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Sqlite.Hosting;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the SQLite log.</summary>
public static class NetraPipelineSqliteBuilderExtensions
{
    /// <summary>
    /// Keeps events in a SQLite file, <c>netra.db</c> in <c>Netra:DataDirectory</c>. Options: configuration section
    /// <c>Netra:Log:Sqlite</c>.
    /// </summary>
    /// <param name="builder">The pipeline's builder.</param>
    /// <returns>The same builder.</returns>
    public static NetraPipelineBuilder UseSqliteEventLog(this NetraPipelineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        SqliteServices.Add(builder.Services);
        return builder.UseEventLog<SqliteEventLog>();
    }
}
