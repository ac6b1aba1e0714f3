using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>The fast door over pipes in memory: what is not ours is given on untouched, whatever happens to the connection.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class FastDoorBytesTests
{
    private static readonly HandshakeLimits Limits = new(8 * 1024, 32 * 1024, 100, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(130));

    [TestCase("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [TestCase("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\nGET /more")]
    [TestCase("GET /ws HTTP/1.1\r\nHost: loc")]
    [TestCase("GET")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [TestCase("")]
    public async Task Bytes_NotOurs_AreGivenOnUntouched(string sent)
    {
        var input = new Pipe();
        await input.Writer.WriteAsync(Encoding.ASCII.GetBytes(sent));
        await input.Writer.CompleteAsync();

        Assert.That(await PassedOnAsync(input, CancellationToken.None), Is.EqualTo(sent));
    }

    // As with `printf … | nc -N`: the peer's side ends right after its request, and Kestrel reports the connection closed at once.
    [Test]
    public async Task Bytes_PeerEndsItsSideRightAfterThem_AreGivenOnAllTheSame()
    {
        const string Request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
        var input = new Pipe();
        await input.Writer.WriteAsync(Encoding.ASCII.GetBytes(Request));
        await input.Writer.CompleteAsync();

        Assert.That(await PassedOnAsync(input, new CancellationToken(canceled: true)), Is.EqualTo(Request));
    }

    [Test]
    public void Next_ThatThrowsWhatAGonePeerThrows_IsNotSilenced()
    {
        var input = new Pipe();
        input.Writer.Complete();
        var door = new FastDoor(
            static _ => throw new IOException("HTTP's own"),
            null!,
            null,
            TestSlots.Create(),
            new FastDoorPath("/ws"),
            Limits,
            checks: null,
            new TestTimeProvider());

        Assert.That(() => door.OnConnectionAsync(Context(input, CancellationToken.None)), Throws.TypeOf<IOException>());
    }

    private static async Task<string?> PassedOnAsync(Pipe input, CancellationToken closed)
    {
        string? passedOn = null;
        var door = new FastDoor(
            async context => passedOn = Encoding.ASCII.GetString((await context.Transport.Input.ReadAsync()).Buffer.ToArray()),
            null!,
            null,
            TestSlots.Create(),
            new FastDoorPath("/ws"),
            Limits,
            checks: null,
            new TestTimeProvider());
        await door.OnConnectionAsync(Context(input, closed)).WaitAsync(TestClient.Patience, CancellationToken.None);
        return passedOn;
    }

    private static DefaultConnectionContext Context(Pipe input, CancellationToken closed) => new()
    {
        Transport = new MemoryTransport(input.Reader, new Pipe().Writer),
        ConnectionClosed = closed,
    };
}
