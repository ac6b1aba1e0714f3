using System.Text;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Somebody's faults are told, and cost nobody else anything.</summary>
internal static class RefusalHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return new("refused_lines_for_a_reader", Guard.ErrorFrames, "A publisher sends bad lines for a user who is reading", "the user's page", "the page was shown 2,009 errors and closed with 1013, again and again")
        {
            Count = (10_000, 10_000),
            Counted = "lines",
            TrueAlerts = ["failure_rate"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await using var lines = await RunLines.OpenAsync(bench);
                var bad = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(HarmBench.Json("ada", "r1", "no_such_type") + "\n", 1_000)));
                for (var i = 0; i < bench.Count; i += 1_000)
                {
                    await lines.SendBadAsync(bad);
                    await lines.ReadAsync(1_000);
                }

                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
    }
}
