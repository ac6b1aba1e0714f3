using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Edge;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Security.Keys;
using Netra.Pipeline.Security.Operators;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Security.Hosting;

/// <summary>The loop and the routes of credentials. Stateless.</summary>
internal sealed class SecurityModule(IServiceProvider services) : PipelineModule
{
    // Opened with the log, so that a folder that cannot be used keeps the host from starting.
    public override void OnLogOpened()
    {
        _ = services.GetRequiredService<AccessDirectory>().Store;
        if (services.GetRequiredService<IEventLog>() is SqliteEventLog log)
        {
            log.Files.Add(Path.GetFullPath(
                Path.Combine(services.GetRequiredService<IOptions<DataOptions>>().Value.DataDirectory, AccessStore.Name)));
        }
    }

    public override IEnumerable<BackgroundLoop> Loops()
        => [BackgroundLoop.Guard("access", services.GetRequiredService<AccessDirectory>().OnTick)];

    public override async ValueTask EraseAsync(string userId, CancellationToken cancellationToken)
    {
        var (directory, time) = (services.GetRequiredService<AccessDirectory>(), services.GetRequiredService<TimeProvider>());
        var now = time.GetUtcNow();
        directory.Erase(new Revocation(
            userId, TokenId: null, now, now + services.GetRequiredService<IOptions<CredentialOptions>>().Value.LongestLife));
        await JournalTruncation.WhenEmptyAsync(directory.Store.TryTruncateJournal, time, cancellationToken);
    }

    public override void Map(IEndpointRouteBuilder open, IEndpointRouteBuilder guarded)
    {
        TicketEndpoint.Map(open.MapGroup(string.Empty).ForPages(RouteRules.Page));
        KeyEndpoints.Map(guarded);
    }
}
