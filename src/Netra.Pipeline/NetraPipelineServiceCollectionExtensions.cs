using Microsoft.Extensions.DependencyInjection.Extensions;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Sqlite.Hosting;
using Netra.Pipeline.Storage;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Netra.Pipeline to a host.</summary>
public static class NetraPipelineServiceCollectionExtensions
{
    /// <summary>
    /// Adds all of the pipeline: its core, the SQLite log, monitoring and alerting. Events are kept in a SQLite file,
    /// <c>netra.db</c> in <c>Netra:DataDirectory</c>, unless another log is chosen on the builder. Options are read from the
    /// configuration section <c>Netra</c>, and validated at start. Map its endpoints with <c>MapNetraPipeline</c>, and open the
    /// fast door of a listener with <c>UseNetraPipeline</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <returns>A builder for agents, tools, handlers and replacements.</returns>
    public static NetraPipelineBuilder AddNetraPipeline(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        // A log that the host has registered before stays.
        services.TryAddSingleton<IEventLog, SqliteEventLog>();
        SqliteServices.Add(services);
        return services.AddNetraPipelineCore().AddMonitoring().AddAlerting().AddSecurity();
    }
}
