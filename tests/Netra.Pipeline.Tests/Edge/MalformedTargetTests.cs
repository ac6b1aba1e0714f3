using static Netra.Pipeline.Tests.Edge.BothDoors;

namespace Netra.Pipeline.Tests.Edge;

/// <summary>Bytes that are no text name nobody, on any route (hostile peers, W4).</summary>
[TestFixture]
internal sealed class MalformedTargetTests
{
    [Test]
    public async Task Target_WithEscapesThatAreNoText_Is400Everywhere([Values("%ff%fe", "%C0%AF", "%ED%A0%80", "%zz", "%")] string user)
    {
        await using var doors = await OpenAsync();
        string[] requests =
        [
            Handshake(path: $"/ws?user_id={user}"),
            Request("GET", $"/v1/stream?user_id={user}"),
            Request("POST", $"/v1/stream/c-1/ack?user_id={user}"),
            Request("GET", $"/v1/threads?user_id={user}"),
            Request("GET", $"/v1/ledger?user_id={user}"),
            Request("GET", $"/v1/dead-letters?user_id={user}"),
        ];
        foreach (var request in requests)
        {
            Assert.That((await doors.AskBothAsync(request)).Select(static a => a.Status), Is.All.EqualTo(400), request);
        }
    }
}
