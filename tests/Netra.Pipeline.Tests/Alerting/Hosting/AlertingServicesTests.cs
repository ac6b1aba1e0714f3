using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Alerting.Hosting;

/// <summary>What is registered for alerting.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class AlertingServicesTests
{
    [Test]
    public async Task Storage_FollowsTheEventLogInUse()
    {
        await using var inMemory = await PipelineHost.StartAsync();
        await using var onDisk = await PipelineHost.StartAsync(log: KindOfLog.Sqlite);

        Assert.That(inMemory.Services.GetRequiredService<AlertStorage>().Directory, Is.Null);
        Assert.That(onDisk.Services.GetRequiredService<AlertStorage>().Directory, Does.Exist);
    }

    [Test]
    public async Task AddNotifier_Channel_IsUsed()
    {
        await using var host = await PipelineHost.StartAsync(static builder => builder.AddNotifier<Fax>());

        Assert.That(host.Services.GetRequiredService<AlertCenter>().Channels, Is.EquivalentTo(new[] { LogNotifier.Channel, "fax" }));
    }

    private sealed class Fax : INotifier
    {
        public string Name => "fax";

        public TimeSpan MinInterval => TimeSpan.Zero;

        public Task NotifyAsync(AlertNotification notification, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
