namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Pages that are slow, asleep or far away, and well.</summary>
internal static class PageHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new("frozen_tab", Guard.Unconfirmed, "A tab is in the background while its run goes on, and comes back to the front", "the page", "held: a page that answers nothing owes nothing")
        {
            Short = TimeSpan.FromSeconds(15),
            Full = TimeSpan.FromMinutes(4),
            Happens = static async bench =>
            {
                var page = await bench.OpenAsync("ada");
                page.Freeze();
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await bench.PublishAsync("ada", "r1", "token", """{"delta":"word "}""");
                await HarmBench.PassAsync(bench.Duration);
                await page.ThawAsync();
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
                await HarmBench.PassAsync(TimeSpan.FromSeconds(HarmBench.Either(4, 30)));
            },
        };
    }
}
