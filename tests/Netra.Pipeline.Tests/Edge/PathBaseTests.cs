using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.Tests.WebSockets;
using static Netra.Pipeline.Tests.Edge.BothDoors;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>Everything under a prefix, whether or not a proxy strips it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class PathBaseTests
{
    [TestCase("")]
    [TestCase("/netra/v2")]
    public async Task Route_WithAndWithoutThePrefix_IsServedAtBothDoors(string prefix)
    {
        await using var doors = await OpenAsync([("Netra:Http:PathBase", "/netra/v2")]);
        string[] requests =
        [
            Handshake(path: $"{prefix}/ws?user_id=ada"),
            Request("GET", $"{prefix}/v1/stream?user_id=ada"),
            Request("GET", $"{prefix}/v1/threads?user_id=ada"),
            Request("GET", $"{prefix}/readyz"),
            Request("GET", $"{prefix}/v1/users/%2E%2E/undelivered"),
            Request("GET", $"{prefix}/monitoring/websocket/users/a%2Fb"),
        ];
        foreach (var request in requests)
        {
            var answers = await doors.AskBothAsync(request);
            Assert.That(
                answers.Select(static answer => answer.Status is 101 or 200 || answer.Text.Contains("user ")),
                Is.All.True,
                request + answers[0].Text);
        }

        doors.Host.AssertNoErrors();
    }

    [TestCase("/netra/v2x/ws?user_id=ada")]
    [TestCase("/netra/ws?user_id=ada")]
    [TestCase("/netra/v2/netra/v2/ws?user_id=ada")]
    public async Task Route_UnderAnotherPrefix_IsNotThere(string path)
    {
        await using var doors = await OpenAsync([("Netra:Http:PathBase", "/netra/v2")]);

        Assert.That((await doors.AskBothAsync(Handshake(path: path))).Select(static answer => answer.Status), Is.All.EqualTo(404));
    }

    [TestCase("netra")]
    [TestCase("/netra/")]
    [TestCase("/")]
    [TestCase("/a//b")]
    public async Task PathBase_OfAnotherForm_IsNamedAtTheStart(string text)
    {
        await using var app = PipelineHost.Build(settings: [("Netra:Http:PathBase", text)]).App;

        Assert.That(Assert.CatchAsync(() => app.StartAsync())!.Message, Does.Contain($"Netra:Http:PathBase is {text}"));
    }
}
