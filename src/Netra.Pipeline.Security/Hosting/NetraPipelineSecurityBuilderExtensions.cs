using Netra.Pipeline.Hosting;
using Netra.Pipeline.Security.Hosting;

// In the namespace where hosts look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds authentication.</summary>
public static class NetraPipelineSecurityBuilderExtensions
{
    /// <summary>
    /// Takes JSON Web Tokens and tickets from pages, and API keys and tokens with roles from publishers and operators, where the host
    /// brings no authentication of its own. Options: configuration section <c>Netra:Authentication</c>. Keys are kept in
    /// <c>access.db</c> in <c>Netra:DataDirectory</c>. It needs monitoring (<c>AddMonitoring</c>), whose routes it protects.
    /// </summary>
    /// <param name="builder">The pipeline's builder.</param>
    /// <returns>The same builder.</returns>
    public static NetraPipelineBuilder AddSecurity(this NetraPipelineBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        SecurityServices.Add(builder.Services);
        return builder;
    }
}
