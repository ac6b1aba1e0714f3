using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Events;
using Netra.Pipeline.Monitoring.Health;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Tests.Agents;
using Netra.Pipeline.Tests.Alerting;
using Netra.Pipeline.Tests.Delivery;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Faults;

/// <summary>
/// A running server in virtual time that faults can be brought about in: its log, its observer, its channel, its agents
/// and what it uses are as a test says.
/// </summary>
internal sealed class FaultBench : IAsyncDisposable
{
    private readonly List<AnsweringPage> _pages = [];
    private readonly List<IAsyncDisposable> _open = [];

    private readonly TaskCompletionSource _hang = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FaultBench()
    {
    }

    public MonitoredHost Host { get; private set; } = null!;

    public FaultyObserver Observer { get; } = new();

    public ScriptedNotifier Pager { get; } = new("pager");

    public Scripts Scripts { get; } = new();

    public ResourceSample Resources { get; set; } = new(100 * 1024 * 1024, 0.1);

    /// <summary>What asking for the resources throws.</summary>
    public Exception? ResourceFault { get; set; }

    /// <summary>What whoever is told of emergencies throws.</summary>
    public Exception? EmergencyFault { get; set; }

    /// <summary>What the handler of client messages throws.</summary>
    public Exception? HandlerFault { get; set; }

    /// <summary>Something that does not come back until it is let go.</summary>
    public Task Hang => _hang.Task;

    public FaultyLog Log => (FaultyLog)Host.Services.GetRequiredService<IEventLog>();

    public PipelineHost Pipeline => Host.Pipeline;

    public static async Task<FaultBench> StartAsync(Fault fault)
    {
        var bench = new FaultBench();
        bench.Host = await MonitoredHost.StartAsync(
            pipeline =>
            {
                var services = pipeline.Services;
                services.AddSingleton(bench.Scripts);
                services.AddSingleton<IPipelineObserver>(bench.Observer);
                services.AddSingleton<INotifier>(bench.Pager);
                services.AddSingleton<ResourceSampler>(() => bench.ResourceFault is { } thrown ? throw thrown : bench.Resources);
                services.AddSingleton<IEmergencyNotifier>(new FaultyEmergencyNotifier(bench));
                services.AddSingleton<IClientMessageHandler>(new DelegateMessageHandler(
                    (_, _) => bench.HandlerFault is { } thrown ? throw thrown : ValueTask.FromResult<string?>(null)));
                pipeline.UseEventLog<FaultyLog>().AddAgent<ScriptedAgent>().AddAgent<ScriptedDelegate>().AddTool<ScriptedTool>();
            },
            fault.Settings);
        return bench;
    }

    /// <summary>Lets seconds pass, in which the pages that are there answer what they are asked.</summary>
    public async Task PassAsync(int seconds, int stride = 1)
    {
        for (var passed = 0; passed < seconds; passed += stride)
        {
            if (stride > 1)
            {
                Host.Time.Advance(TimeSpan.FromSeconds(stride - 1));
            }

            await Host.PassAsync(1);
            foreach (var page in _pages.Where(static page => page.Closed is null))
            {
                await page.AnswersAsync(Pipeline);
            }
        }
    }

    /// <summary>A page that answers all pings and acknowledges nothing by itself.</summary>
    public async Task<AnsweringPage> PageAsync(string userId = "ada")
    {
        var page = await AnsweringPage.ConnectAsync(Pipeline.SocketAddress(userId));
        _pages.Add(page);
        return page;
    }

    public async Task CloseAsync(AnsweringPage page)
    {
        _pages.Remove(page);
        await page.DisposeAsync();
    }

    /// <summary>Everything that a test's fault holds on to.</summary>
    public T Keep<T>(T disposable)
        where T : IAsyncDisposable
    {
        _open.Add(disposable);
        return disposable;
    }

    public async Task<EventEmitter> EmitterAsync(string userId = "ada", string runId = "r1")
        => Keep(await Pipeline.EmitterOfAsync(userId, runId: runId, options: new EmitterOptions { Overflow = OverflowBehavior.Report }));

    /// <summary>Lets go of emitters and clients, so that nobody needs their users' streams any more.</summary>
    public async Task LetGoAsync()
    {
        foreach (var open in _open)
        {
            await open.DisposeAsync();
        }

        _open.Clear();
    }

    public void LetHangGo() => _hang.TrySetResult();

    /// <summary>Publishes one event, whatever the answer.</summary>
    public Task PostAsync(string type, string data = """{"agent_name":"demo"}""", string runId = "r1", string userId = "ada")
        => Host.Http.PublishAsync(PublishExtensions.EventJson(type, data, userId, runId));

    /// <summary>Does something that fails, so often that it is a crowd.</summary>
    public static async Task CrowdAsync(Func<int, Task> once, int count)
    {
        for (var i = 0; i < count; i++)
        {
            try
            {
                await once(i);
            }
            catch (Exception exception) when (exception is not AssertionException and not WebSocketException)
            {
                // That is the fault.
            }
        }
    }

    /// <summary>Does something that raises a failure.</summary>
    public static async Task RaisesAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (Exception exception) when (exception is not AssertionException)
        {
            return;
        }

        throw new AssertionException("The fault was not raised to the caller.");
    }

    /// <summary>The alert of a rule, as the route lists it; null when it is not there.</summary>
    public async Task<JsonElement?> AlertAsync(string name, string? label)
    {
        var (_, body) = await Host.Http.AskAsync("/monitoring/websocket/alerts");
        foreach (var alert in body.GetProperty("alerts").EnumerateArray())
        {
            if (alert.Text("name") == name
                && (label is null || alert.GetProperty("labels").EnumerateObject().Any(member => member.Value.GetString() == label)))
            {
                return alert;
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        LetHangGo();
        Log.InTrouble = null;
        Log.ReadFault = Log.ExpireFault = null;
        Observer.EventFault = Observer.FailureFault = null;
        foreach (var page in _pages)
        {
            await page.DisposeAsync();
        }

        await LetGoAsync();
        await Host.DisposeAsync();
    }
}
