namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>Somebody's faults are told, and cost nobody else anything.</summary>
internal static class RefusalHarms
{
    public static IEnumerable<Harm> All()
    {
        yield return Refused(
            "refused_lines_for_a_reader",
            "A publisher sends lines of a type that nobody knows, for a user who is reading",
            static () => HarmBench.Json("ada", "r1", "no_such_type"),
            "the page was shown 2,009 errors and closed with 1013, again and again");
        yield return Refused(
            "facts_after_the_end",
            "A publisher goes on after the end of a run: nothing is missing on the page",
            static () => HarmBench.Json("ada", "done", "token", """{"delta":"late"}"""),
            "the page was shown `run_ended` 145 times and closed with 1013 24 times");
        yield return Refused(
            "lines_that_are_no_json", "A publisher sends lines that are no JSON", static () => "{", "held: nobody knows whose they are");
        yield return Refused(
            "events_that_are_too_large",
            "A publisher sends events above the largest size",
            static () => HarmBench.Json("ada", "r1", "token", $$"""{"delta":"{{new string('x', 2_000)}}"}"""),
            "the page was shown 237 errors and closed with 1013 15 times") with
        {
            Settings = [("Netra:Streams:MaxEventBytes", "1024")],

            // The user is missing them.
            TrueErrors = ["event_too_large"],
        };
        yield return new(
            "superseded_attempt_goes_on", Guard.ErrorFrames,
            "A publisher of an earlier attempt goes on with its run, while a later attempt does its work",
            "the user's page, and the run",
            "there were no attempts")
        {
            Count = (2_000, 10_000),
            Counted = "events",
            TrueAlerts = ["flow_violation", "failure_rate", "buffer_overflow"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await using var old = await RunLines.OpenAsync(bench);
                await old.SendAsync("ada", "r1", "agent_started", """{"agent_name":"demo"}""");
                await old.ReadAllAsync();
                await using var current = await RunLines.OpenAsync(bench);
                await current.SendAsync("ada", "r1", "agent_started", """{"agent_name":"demo","attempt":2}""");
                await current.ReadAllAsync();
                await old.SendManyAsync("ada", "r1", "token", """{"delta":"old "}""", bench.Count);
                await current.SendManyAsync("ada", "r1", "token", """{"delta":"new "}""", bench.Count);
                await old.ReadAllAsync();
                await current.SendAsync("ada", "r1", "agent_completed", """{"agent_name":"demo"}""");
                await current.ReadAllAsync();
                await bench.BackAsync();
            },
        };
        yield return new(
            "flow_of_a_run_is_wrong", Guard.ErrorFrames,
            "A publisher ends tools that never began, again and again",
            "the user's page, and the run of another publisher",
            "held but for `buffer_overflow`, shown to a page that was missing nothing")
        {
            Count = (2_000, 10_000),
            Counted = "events",
            TrueAlerts = ["flow_violation", "failure_rate", "buffer_overflow"],
            Happens = static async bench =>
            {
                await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await using var lines = await RunLines.OpenAsync(bench);
                for (var i = 0; i < bench.Count; i++)
                {
                    await lines.SendAsync("ada", "r1", "tool_completed", """{"tool_name":"search"}""");
                }

                await lines.ReadAllAsync();
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
            },
        };
    }

    private static Harm Refused(string name, string situation, Func<string> line, string before)
        => new(name, Guard.ErrorFrames, situation, "the user's page", before)
        {
            Count = (10_000, 10_000),
            Counted = "lines",
            TrueAlerts = ["failure_rate"],
            Happens = async bench =>
            {
                var page = await bench.OpenAsync("ada");
                await bench.BeginRunAsync("ada", "done");
                await bench.EndRunAsync("ada", "done");
                await bench.BeginRunAsync("ada", "r1", 3_600_000);
                await bench.SendBadLinesAsync(line(), bench.Count);
                await bench.EndRunAsync("ada", "r1");
                await bench.BackAsync();
                bench.Expect(page.Errors.Count <= 60, $"the page was shown {page.Errors.Count} errors");
            },
        };
}
