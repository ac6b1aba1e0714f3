using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Tests.Server.Demo.Tools;

public sealed class CurrentTimeToolTests
{
    [TestCase("{}", "UTC", "2026-07-01 22:30:00", "Wednesday", "+00:00")]
    [TestCase("""{"zone":"utc"}""", "UTC", "2026-07-01 22:30:00", "Wednesday", "+00:00")]
    [TestCase("""{"zone":"Europe/Berlin"}""", "Europe/Berlin", "2026-07-02 00:30:00", "Thursday", "+02:00")]
    [TestCase("""{"zone":"europe/berlin"}""", "Europe/Berlin", "2026-07-02 00:30:00", "Thursday", "+02:00")]
    [TestCase("""{"zone":"Tokyo"}""", "Asia/Tokyo", "2026-07-02 07:30:00", "Thursday", "+09:00")]
    [TestCase("""{"zone":"New York"}""", "America/New_York", "2026-07-01 18:30:00", "Wednesday", "-04:00")]
    [TestCase("""{"zone":"Etc/GMT+5"}""", "Etc/GMT+5", "2026-07-01 17:30:00", "Wednesday", "-05:00")]
    public async Task Invoke_Zone_TellsTheTimeThere(string arguments, string zone, string time, string weekday, string offset)
    {
        var result = await new CurrentTimeTool(new FixedTime()).CallAsync(arguments);

        Assert.That(
            ((string)result["zone"]!, (string)result["time"]!, (string)result["weekday"]!, (string)result["offset"]!),
            Is.EqualTo((zone, time, weekday, offset)));
    }

    [TestCase("Mars/Olympus")]
    [TestCase("../../etc/passwd")]
    [TestCase("Europe/Ber lin!")]
    public void Invoke_UnknownZone_SaysHowToNameOne(string zone) => Assert.That(
        async () => await new CurrentTimeTool(new FixedTime()).CallAsync($$"""{"zone":"{{zone}}"}"""),
        Throws.TypeOf<ToolInputException>().With.Message.Contains(zone).And.Message.Contains("Europe/Berlin"));

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 7, 1, 22, 30, 0, TimeSpan.Zero);
    }
}
