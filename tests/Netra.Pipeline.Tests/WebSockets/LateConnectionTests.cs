using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;
using Netra.Pipeline.WebSockets;

namespace Netra.Pipeline.Tests.WebSockets;

/// <summary>
/// Connections that were let in, and are open a moment later: what is done to all connections in that moment is done to them as well.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LateConnectionTests
{
    // It used to stay open for good, without a welcome and without an event.
    [Test]
    public async Task Erasure_WhileTheHandshakeIsAnswered_EndsTheConnection()
    {
        await using var host = await PipelineHost.StartAsync();
        var erasure = host.Services.GetRequiredService<UserErasure>();
        var (input, output) = (new Pipe(), new Pipe());

        var serving = ServeAsync(host, input, output, () => erasure.EraseAsync("ada", CancellationToken.None));

        Assert.That(await ReadUntilAsync(output.Reader, "user_erased"), Does.EndWith("user_erased").And.Not.Contain("welcome"));
        await EndAsync(host, input, serving);
    }

    // It used to hear of the drain when the server ended it.
    [Test]
    public async Task Drain_WhileTheHandshakeIsAnswered_AsksTheConnectionToo()
    {
        await using var host = await PipelineHost.StartAsync();
        var drain = host.Services.GetRequiredService<PipelineDrain>();
        var (input, output) = (new Pipe(), new Pipe());

        var serving = ServeAsync(host, input, output, () => Task.FromResult(drain.TryBegin("a new version", "eve")));

        var written = await ReadUntilAsync(output.Reader, "a new version");
        Assert.That(written.IndexOf("\"welcome\"", StringComparison.Ordinal), Is.Positive);
        Assert.That(
            written.IndexOf("\"reconnect\"", StringComparison.Ordinal),
            Is.GreaterThan(written.IndexOf("\"welcome\"", StringComparison.Ordinal)),
            "nothing comes before the welcome");
        await EndAsync(host, input, serving);
    }

    [Test]
    public async Task Drain_TakenBackWhileTheHandshakeIsAnswered_AsksNobody()
    {
        await using var host = await PipelineHost.StartAsync();
        var drain = host.Services.GetRequiredService<PipelineDrain>();
        var (input, output) = (new Pipe(), new Pipe());

        var serving = ServeAsync(
            host,
            input,
            output,
            () => Task.FromResult(drain.TryBegin("a new version", "eve") && drain.TryTakeBack("eve")));

        await ReadUntilAsync(output.Reader, "\"welcome\"");
        await Eventually.BecomesTrueAsync(() => host.Connections.Count == 1, "it is open");
        var connection = host.Connections.OfUser("ada").Single();
        _ = connection.CheckHealthAsync(CancellationToken.None);
        Assert.That(await ReadUntilAsync(output.Reader, "\"ping\""), Does.Not.Contain("reconnect"));
        await EndAsync(host, input, serving);
    }

    [Test]
    public async Task Welcome_IsWritten_WhenTheConnectionCanBeFound()
    {
        await using var host = await PipelineHost.StartAsync();
        Probe? probe = null;

        await ServeProbeAsync(
            host,
            new ScriptedAuthenticator(),
            (services, _, admission) => probe = new Probe(services, admission) { Registry = host.Connections });

        Assert.That(probe!.WasFound, Is.True);
        Assert.That(host.Connections.Count, Is.Zero);
    }

    // What is revoked while the authenticator works used to be older than the connection, which went on.
    [Test]
    public async Task Credential_ThatDoesNotSayWhenItWasIssued_IsOlderThanItsCheck()
    {
        await using var host = await PipelineHost.StartAsync();
        DateTimeOffset revokedAt = default;
        var authenticator = new ScriptedAuthenticator(async (_, token) =>
        {
            revokedAt = TimeProvider.System.GetUtcNow();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, token);
            return AuthenticationResult.Admit(new ConnectionIdentity("ada") { CredentialId = "t1" });
        });
        Probe? probe = null;

        await ServeProbeAsync(host, authenticator, (services, _, admission) => probe = new Probe(services, admission));

        Assert.That(probe!.Credential!.IssuedAt, Is.LessThanOrEqualTo(revokedAt));
    }

    private static async Task ServeAsync(PipelineHost host, Pipe input, Pipe output, Func<Task> meanwhile)
    {
        var acceptor = host.Services.GetRequiredService<ConnectionAcceptor>();
        var transport = new ConnectionTransport(
            new MemoryTransport(input.Reader, output.Writer), RemoteEndPoint: null, Subprotocol: null, () => input.Writer.Complete());
        await acceptor.ServeAsync(
            await AdmitAsync(acceptor, new ScriptedAuthenticator()),
            transport,
            WebSocketConnection.Create,
            async () =>
            {
                await meanwhile();
                return true;
            },
            socket: null);
    }

    private static async Task ServeProbeAsync(
        PipelineHost host, IConnectionAuthenticator authenticator, Func<ConnectionServices, string, Admission, Connection> create)
    {
        var acceptor = host.Services.GetRequiredService<ConnectionAcceptor>();
        await acceptor.ServeAsync(
            await AdmitAsync(acceptor, authenticator), "no transport", create, static () => ValueTask.FromResult(true), socket: null);
    }

    private static async Task<Admission> AdmitAsync(ConnectionAcceptor acceptor, IConnectionAuthenticator authenticator)
    {
        const string Query = "?user_id=ada";
        IHeaderDictionary headers = new HeaderDictionary();
        (headers.Host, headers.SecWebSocketVersion, headers.SecWebSocketKey) = ("localhost", "13", "dGhlIHNhbXBsZSBub25jZQ==");
        var request = new HandshakeRequest
        {
            Path = "/ws",
            Target = "/ws" + Query,
            Query = new QueryCollection(QueryHelpers.ParseQuery(Query)),
            Headers = headers,
        };
        var admission = await acceptor.AdmitAsync(request, authenticator, CancellationToken.None, CancellationToken.None);
        Assert.That(admission.Refusal, Is.Null);
        return admission;
    }

    private static async Task<string> ReadUntilAsync(PipeReader output, string end)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var written = new StringBuilder();
        while (!written.ToString().Contains(end, StringComparison.Ordinal))
        {
            var result = await output.ReadAsync(patience.Token);
            foreach (var segment in result.Buffer)
            {
                written.Append(Encoding.Latin1.GetString(segment.Span));
            }

            output.AdvanceTo(result.Buffer.End);
            Assert.That(result.IsCompleted, Is.False, written.ToString());
        }

        return written.ToString();
    }

    private static async Task EndAsync(PipelineHost host, Pipe input, Task serving)
    {
        await input.Writer.CompleteAsync();
        await serving.WaitAsync(TestClient.Patience);
        Assert.That(host.Connections.Count, Is.Zero);
    }

    /// <summary>Looks whether it can be found when something is to be written for the first time, and ends.</summary>
    private sealed class Probe(ConnectionServices services, Admission admission)
        : Connection(services, admission.UserKey!, admission.Stream!, isOneWay: false, joins: false)
    {
        public ConnectionRegistry? Registry { get; init; }

        public bool? WasFound { get; private set; }

        public override bool IsFlushPending => false;

        public override string Transport => "probe";

        public override Task RunAsync()
        {
            End(ConnectionEndReason.ClientClosed);
            return Task.CompletedTask;
        }

        public override void Abort()
        {
        }

        protected override void Wake() => WasFound ??= Registry?.TryGet(Id, out _);
    }
}
