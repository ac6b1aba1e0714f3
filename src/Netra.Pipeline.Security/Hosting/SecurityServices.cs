using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Access;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Security.Credentials;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Operators;
using Netra.Pipeline.Security.Tokens;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Security.Hosting;

/// <summary>Registers the parts of authentication.</summary>
internal static class SecurityServices
{
    public static void Add(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(AccessDirectory)))
        {
            return;
        }

        services.AddSection<CredentialOptions>("Netra:Authentication");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CredentialOptions>, CredentialOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<PipelineModule, SecurityModule>());
        services.TryAddSingleton<AuthenticationMetrics>();
        services.TryAddSingleton<TokenVerifier>();

        // Keys end with the process where events do.
        services.TryAddSingleton(static provider => new AccessDirectory(
            new Lazy<AccessStore>(() => AccessStore.Open(
                provider.GetRequiredService<IEventLog>() is InMemoryEventLog
                    ? null
                    : provider.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory)),
            provider.GetRequiredService<ConnectionRegistry>(),
            provider.GetRequiredService<SecurityAudit>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<CredentialAuthenticator>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<DefaultAuthenticator, CredentialAuthenticator>(
            static provider => provider.GetRequiredService<CredentialAuthenticator>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<CallerAuthenticator, CredentialCallers>());
        services.TryAddSingleton<KeyEndpoints>();
        services.TryAddSingleton<TicketEndpoint>();
    }
}
