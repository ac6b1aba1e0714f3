using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite.Hosting;

/// <summary>Has the SQLite log measured and its files watched, where it is the log in use. Stateless.</summary>
internal sealed class SqliteModule(IServiceProvider services) : PipelineModule
{
    public override void OnStarting()
    {
        if (services.GetRequiredService<IEventLog>() is SqliteEventLog log)
        {
            services.GetRequiredService<SqliteMetrics>().Measure(log);
            log.HandOver = services.GetRequiredService<FolderHandOver>();
        }
    }

    public override IEnumerable<BackgroundLoop> Loops()
        => services.GetRequiredService<IEventLog>() is SqliteEventLog log ? [BackgroundLoop.Guard("files", log.Look)] : [];
}
