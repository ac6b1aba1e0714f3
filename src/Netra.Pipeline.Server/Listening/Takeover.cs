using Microsoft.Extensions.Hosting.Systemd;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Server.Listening;

/// <summary>
/// Has the server listen in time when it takes the data folder over from another process, and tells systemd (<c>Type=notify</c>) how far it
/// is. To be registered before the pipeline, which waits for the folder when the host starts.
/// </summary>
internal sealed class Takeover(IServiceProvider services) : IHostedLifecycleService
{
    // Longer than the time between two words of the one that waits.
    private const string MoreTime = "EXTEND_TIMEOUT_USEC=10000000";

    private readonly SystemdNotifier _systemd = new();

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // Not before: it would stop at the first invalid option instead of letting all of them be named.
        var folder = services.GetRequiredService<FolderHandOver>();
        folder.Waiting += (_, _) => Tell($"{MoreTime}\nSTATUS=Waiting for the data folder, which another process holds");
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(() => Tell("READY=1\nSTATUS=Serving"));
        folder.PredecessorLeaving += (_, _) => services.GetRequiredService<ListeningSockets>().ListenEarly();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        Tell("STOPPING=1\nSTATUS=Draining");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Tell(string state)
    {
        if (_systemd.IsEnabled)
        {
            _systemd.Notify(new ServiceState(state));
        }
    }
}
