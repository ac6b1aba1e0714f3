using System.Text.Json;
using Microsoft.Playwright;

namespace Netra.Pipeline.BrowserTests;

/// <summary>
/// Notes what a page does for longer than 50 ms at a time. The browser counts the time that passes, waiting for a processor included:
/// so a worker of the page does the same small work again and again meanwhile, and shows how much slower the machine was than it can be.
/// </summary>
internal sealed class LongTaskRecorder
{
    private readonly IPage _page;
    private readonly ICDPSession _browser;
    private readonly List<double> _parts = [];
    private double _taken;

    private LongTaskRecorder(IPage page, ICDPSession browser)
    {
        _page = page;
        _browser = browser;
    }

    public static async Task<LongTaskRecorder> StartAsync(IPage page)
    {
        await page.EvaluateAsync(
            """
            () => {
              const work = `
                const took = [];
                const once = () => {
                  const begun = performance.now();
                  let sum = 0;
                  for (let i = 0; i < 1e6; i++) sum = (sum * 31 + i) | 0;
                  took.push(performance.now() - begun + 0 * sum);
                };
                setInterval(once, 20);
                onmessage = () => {
                  const warm = took.slice(10);
                  const mean = warm.reduce((sum, ms) => sum + ms, 0) / warm.length;
                  postMessage(warm.length < 20 ? 100 : mean / Math.max(0.1, Math.min(...warm)));
                };`;
              window.machine = new Worker(URL.createObjectURL(new Blob([work], { type: 'text/javascript' })));
              window.longTasks = [];
              new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.longTasks.push(Math.round(entry.duration))))
                .observe({ type: 'longtask' });
            }
            """);
        var browser = await page.Context.NewCDPSessionAsync(page);
        await browser.SendAsync("Performance.enable", new() { ["timeDomain"] = "threadTicks" });
        var recorder = new LongTaskRecorder(page, browser);
        recorder._taken = await recorder.TakenAsync();
        return recorder;
    }

    /// <summary>A part is over.</summary>
    public async Task EndPartAsync()
    {
        var taken = await TakenAsync();
        _parts.Add(taken - _taken);
        _taken = taken;
    }

    /// <summary>Ends the recording.</summary>
    public async Task<LongTasks> StopAsync()
    {
        var recorded = await _page.EvaluateAsync<JsonElement>(
            """
            () => new Promise((resolve) => {
              const longTasks = window.longTasks.sort((a, b) => b - a).join(' ');
              window.machine.onmessage = ({ data: slowdown }) => {
                window.machine.terminate();
                resolve({ longTasks, slowdown });
              };
              window.machine.postMessage('how slow?');
            })
            """);
        return new LongTasks(recorded.GetProperty("longTasks").GetString()!, recorded.GetProperty("slowdown").GetDouble(), _parts);
    }

    // The processor time of the page's own thread, in milliseconds.
    private async Task<double> TakenAsync()
    {
        var metrics = (await _browser.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics");
        return 1000 * metrics.EnumerateArray().Single(static metric => metric.GetProperty("name").GetString() == "TaskDuration")
            .GetProperty("value").GetDouble();
    }
}
