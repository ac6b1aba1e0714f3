using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Hosting;

/// <summary>What a host adds of the packages, in which combinations.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class RegistrationTests
{
    [Test]
    public async Task Everything_AddedTwice_IsThereOnce()
    {
        await using var once = Build(static services => services.AddNetraPipeline().UseInMemoryEventLog());
        await using var twice = Build(static services =>
        {
            services.AddNetraPipeline();
            services.AddNetraPipeline().AddMonitoring().AddAlerting().UseSqliteEventLog().UseInMemoryEventLog();
        });

        Assert.Multiple(() =>
        {
            Assert.That(StepsOf(twice), Is.EqualTo(StepsOf(once)));
            Assert.That(
                twice.Services.GetServices<PipelineModule>().Count(), Is.EqualTo(once.Services.GetServices<PipelineModule>().Count()));
            Assert.That(
                twice.Services.GetServices<IHostedService>().Count(), Is.EqualTo(once.Services.GetServices<IHostedService>().Count()));
        });
        await twice.StartAsync();
        await twice.StopAsync();
    }

    // The host used to cut the stop short: it had to wait for the goodbye three times, and for the log after that.
    [TestCase("00:00:00.250")]
    [TestCase("00:01:00")]
    public async Task Host_WhateverTheGoodbyeTakes_HasTheTimeForAllOfTheStop(string goodbye)
    {
        await using var app = PipelineHost.Build(settings: [("Netra:Hosting:GoodbyeTimeout", goodbye)]).App;

        var hosting = app.Services.GetRequiredService<IOptions<HostingOptions>>().Value;
        Assert.That(
            app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout,
            Is.GreaterThan(hosting.DrainTimeout + (3 * hosting.GoodbyeTimeout) + TimeSpan.FromSeconds(10)));
    }

    [Test]
    public async Task Alerting_WithoutMonitoring_DoesNotStart()
    {
        await using var host = Build(static services => services.AddNetraPipelineCore().UseInMemoryEventLog().AddAlerting());

        Assert.That(() => host.StartAsync(), Throws.InstanceOf<StartupVerificationException>().With.Message.Contains("AddMonitoring"));
    }

    [Test]
    public async Task Core_WithoutALog_DoesNotStart()
    {
        await using var host = Build(static services => services.AddNetraPipelineCore());

        Assert.That(
            () => host.StartAsync(), Throws.InstanceOf<StartupVerificationException>().With.Message.Contains("UseInMemoryEventLog"));
    }

    [Test]
    public async Task Monitoring_WithoutAlerting_Starts()
    {
        await using var host = Build(static services => services.AddNetraPipelineCore().UseInMemoryEventLog().AddMonitoring());

        await host.StartAsync();
        await host.StopAsync();
    }

    private static int StepsOf(WebApplication host)
        => host.Services.GetRequiredService<IOptions<AlertingOptions>>().Value.Escalation.Steps.Count;

    private static WebApplication Build(Action<IServiceCollection> add)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Configuration["Netra:Alerting:Escalation:Steps:0:Level"] = "Operations";
        add(builder.Services);
        var host = builder.Build();
        host.MapNetraPipeline();
        return host;
    }
}
