using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Hosting;

namespace Netra.Pipeline.Sqlite.Hosting;

/// <summary>Registers what the SQLite log needs, and not the log itself.</summary>
internal static class SqliteServices
{
    public static void Add(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(SqliteMetrics)))
        {
            return;
        }

        services.AddSection<SqliteEventLogOptions>("Netra:Log:Sqlite");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SqliteEventLogOptions>, SqliteLimitsValidator>());
        services.TryAddSingleton<SqliteMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<PipelineModule, SqliteModule>());
    }
}
