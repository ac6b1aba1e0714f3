using Netra.Pipeline.Alerting;
using Netra.Pipeline.Alerting.Hosting;
using Netra.Pipeline.Hosting;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds alerting, and to it what the application brings along.</summary>
public static class NetraPipelineAlertingBuilderExtensions
{
    /// <summary>
    /// Raises alerts of what monitoring measures, keeps them beside the events, and sends them over channels. Options: configuration
    /// section
    /// <c>Netra:Alerting</c>. It needs monitoring (<c>AddMonitoring</c>).
    /// </summary>
    /// <param name="builder">The pipeline's builder.</param>
    /// <returns>The same builder.</returns>
    public static NetraPipelineBuilder AddAlerting(this NetraPipelineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        AlertingServices.Add(builder.Services);
        return builder;
    }

    /// <summary>
    /// Registers a channel that alerts are sent over. Escalation policies know it by its name; the channel <c>log</c> is always there.
    /// </summary>
    /// <typeparam name="TNotifier">The channel; one instance serves the process.</typeparam>
    /// <param name="builder">The pipeline's builder.</param>
    /// <returns>The same builder.</returns>
    public static NetraPipelineBuilder AddNotifier<TNotifier>(this NetraPipelineBuilder builder)
        where TNotifier : class, INotifier
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<INotifier, TNotifier>();
        return builder;
    }
}
