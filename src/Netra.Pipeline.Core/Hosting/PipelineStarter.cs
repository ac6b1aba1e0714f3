using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Creates <see cref="PipelineLifetime"/> and <see cref="PipelineStop"/> when the host starts. The host creates its hosted services before
/// it validates options; created then, they would fail on the first invalid option instead of letting all of them be named.
/// </summary>
internal sealed class PipelineStarter(IServiceProvider services) : IHostedLifecycleService
{
    private PipelineLifetime? _lifetime;
    private PipelineStop? _stop;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // Nothing else resolves these two.
        services.GetRequiredService<RunMetrics>();
        services.GetRequiredService<OpenRequests>();
        _lifetime = services.GetRequiredService<PipelineLifetime>();
        _stop = services.GetRequiredService<PipelineStop>();
        return _lifetime.StartingAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _lifetime!.OnStarted();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => _stop?.StoppingAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => _stop?.StoppedAsync(cancellationToken) ?? Task.CompletedTask;
}
