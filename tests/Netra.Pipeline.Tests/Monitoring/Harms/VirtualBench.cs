using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// What a row happens to where hours are needed: a whole pipeline in this process, on real sockets, in virtual time. One task at a time.
/// </summary>
internal sealed class VirtualBench : IAsyncDisposable
{
    private readonly List<string> _complaints = [];
    private readonly List<CalmPage> _pages = [];

    private VirtualBench(Harm harm, MonitoredHost host) => (Harm, Host) = (harm, host);

    public Harm Harm { get; }

    public MonitoredHost Host { get; }

    public TestTimeProvider Time => Host.Time;

    public static async Task<VirtualBench> StartAsync(Harm harm)
        => new(
            harm,
            await MonitoredHost.StartAsync(harm.Configure, harm.Settings, harm.Configure is null ? KindOfLog.Sqlite : KindOfLog.Memory));

    public async Task<CalmPage> OpenAsync(string userId)
    {
        var page = new CalmPage(Host.Pipeline, userId);
        _pages.Add(page);
        await page.OpenAsync();
        return page;
    }

    /// <summary>Publishes, and expects that it is taken.</summary>
    public async Task PublishAsync(string userId, string runId, string type, string data = "{}")
    {
        var (response, body) = await MonitoredHost.WhileTimePassesAsync(
            Time, Host.Http.PublishAsync(HarmBench.Json(userId, runId, type, data)));
        Expect(response.IsSuccessStatusCode, $"{type} of {runId} was answered {(int)response.StatusCode}: {body}");
    }

    /// <summary>Answers what a run asks.</summary>
    public async Task AnswerAsync(string userId, string runId, string requestId = "q1")
    {
        using var content = new StringContent(HarmBench.AnswerJson(userId, runId, requestId), Encoding.UTF8, "application/json");
        using var response = await MonitoredHost.WhileTimePassesAsync(
            Time, Host.Http.PostAsync(new Uri("/v1/runs/answer", UriKind.Relative), content));
        Expect(response.IsSuccessStatusCode, $"the answer to {requestId} of {runId} was answered {(int)response.StatusCode}");
    }

    /// <summary>Publishes a whole run.</summary>
    public async Task PublishRunAsync(string userId, string runId)
    {
        await PublishAsync(userId, runId, "agent_started", """{"agent_name":"demo"}""");
        await PublishAsync(userId, runId, "agent_completed", """{"agent_name":"demo"}""");
    }

    /// <summary>The data of <c>waiting</c>.</summary>
    public string Until(TimeSpan from)
        => string.Create(CultureInfo.InvariantCulture, $$"""{"until":{{(Time.GetUtcNow() + from).ToUnixTimeMilliseconds() / 1000.0}}}""");

    /// <summary>Lets seconds pass, with pages that answer.</summary>
    public async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            await Host.PassAsync(1);
            foreach (var page in _pages)
            {
                await page.SettleAsync();
            }
        }
    }

    public void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            _complaints.Add(otherwise);
        }
    }

    public HarmReport Judge()
    {
        foreach (var page in _pages)
        {
            Expect(!page.WasEnded, $"the page of {page.UserId} was ended");
            Expect(page.Failed.Count == 0, $"healthy runs of {page.UserId} failed: {string.Join(", ", page.Failed)}");
            Expect(
                page.Stalled.Count == 0 || Harm.MayStall,
                $"healthy runs of {page.UserId} were said to be stalled: {string.Join(", ", page.Stalled)}");
            Expect(
                page.Errors.All(Harm.TrueErrors.Contains), $"the page of {page.UserId} was shown errors: {string.Join(", ", page.Errors)}");
        }

        foreach (var alert in Host.Services.GetRequiredService<AlertCenter>()
            .Alerts.Where(alert => alert.State != AlertState.Pending && !Harm.TrueAlerts.Contains(alert.Name)))
        {
            _complaints.Add($"false alarm: {alert.Name}");
        }

        return new HarmReport(Harm, [.. _complaints.Distinct()], []);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var page in _pages)
        {
            await page.DisposeAsync();
        }

        await Host.DisposeAsync();
    }
}
