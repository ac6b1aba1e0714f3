using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Streams;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>
/// The life of an event, from POST to the socket and back as an acknowledgement, is the list of files that docs/architecture.md has.
/// </summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LifeOfAnEventTests
{
    // What waits on its way leaves its callers behind, so the longest way of some events is the whole one.
    private const int Events = 20;

    private static readonly string[] Legs =
    [
        TracedLog.Append,
        TracedTransport.Socket,
        TracedLog.Commit,
        TracedTransport.Answer,
        TracedStreams.Leg,
    ];

    [Test]
    public async Task Event_PublishedAndAcknowledged_PassesTheFilesOfThePage()
    {
        var traced = new TracedEvent();
        var folder = Directory.CreateTempSubdirectory("netra-traced-");
        try
        {
            await using var host = await PipelineHost.StartAsync(
                pipeline =>
                {
                    pipeline.Services.AddSingleton(traced).AddSingleton<SqliteEventLog>();
                    pipeline.Services.Replace(ServiceDescriptor.Singleton<StreamObservers>(new TracedStreams(traced)));
                    pipeline.UseEventLog<TracedLog>();
                },
                settings: [("Netra:DataDirectory", folder.FullName)],
                kestrel: options => options.Listen(IPAddress.Loopback, 0, listener =>
                {
                    listener.Protocols = HttpProtocols.Http1;
                    listener.Use(following => connection =>
                    {
                        connection.Transport = new TracedTransport(connection.Transport, traced);
                        return following(connection);
                    });
                    listener.UseNetraPipeline();
                }));
            using var http = host.CreateClient();
            await using var page = await TestClient.ConnectAsync(host.SocketAddress("ada"));
            for (var i = 0; i < Events; i++)
            {
                await http.PublishAsync(PublishExtensions.TokenJson());
                await page.AckAsync((await page.ReadAsync<EventMessage>()).Seq);
                traced.Begin();
            }

            await Eventually.BecomesTrueAsync(() => traced.FilesOf(TracedStreams.Leg).Count > 0, "an acknowledgement is told");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        Assert.That(
            Legs.SelectMany(leg => traced.FilesOf(leg).Prepend(leg)),
            Is.EqualTo(Legs.SelectMany(static leg => ArchitectureDocument.FilesOf(leg).Prepend(leg))),
            () => string.Join('\n', Legs.SelectMany(leg => traced.FilesOf(leg).Select(AsRow).Prepend($"### {leg}"))));
    }

    private static string AsRow(string file, int index) => $"{index + 1}. [{Path.GetFileName(file)}](../{file})";
}
