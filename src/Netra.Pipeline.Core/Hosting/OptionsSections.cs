using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Hosting;

/// <summary>Binds options to their section, and has them checked when the host starts.</summary>
internal static class OptionsSections
{
    public static void AddSection<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TOptions>, SectionValidator<TOptions>>(
            _ => new SectionValidator<TOptions>(section)));
    }

    /// <summary>Makes environment variables override the configuration.</summary>
    public static void AddEnvironment<TOptions>(
        this IServiceCollection services, params IReadOnlyList<EnvironmentSetting<TOptions>> settings)
        where TOptions : class
    {
        services.AddSingleton<IPostConfigureOptions<TOptions>>(
            provider => new EnvironmentSettings<TOptions>(provider.GetRequiredService<IConfiguration>(), settings));
        services.AddSingleton<IValidateOptions<TOptions>>(
            provider => new EnvironmentSettings<TOptions>(provider.GetRequiredService<IConfiguration>(), settings));
    }
}
