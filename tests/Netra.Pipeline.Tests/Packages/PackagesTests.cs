using System.IO.Compression;
using System.Xml.Linq;

namespace Netra.Pipeline.Tests.Packages;

/// <summary>What an embedder takes: packages that say what they are, and of which the core brings nothing that it does not need.</summary>
[TestFixture]
[Parallelizable(ParallelScope.Self)]
internal sealed class PackagesTests
{
    private static readonly string[] Names =
        [
            "Netra.Pipeline", "Netra.Pipeline.Alerting", "Netra.Pipeline.Client", "Netra.Pipeline.Core", "Netra.Pipeline.Monitoring",
            "Netra.Pipeline.Protocol", "Netra.Pipeline.Security", "Netra.Pipeline.Sqlite"
        ];

    // SQLite, mail, cryptography, retries.
    private static readonly string[] Heavy =
    [
        "sqlite", "mailkit", "mimekit", "bouncycastle", "polly", "netra.pipeline.alerting", "netra.pipeline.monitoring"
    ];

    private PackageFeed _feed = null!;

    [OneTimeSetUp]
    public async Task PackAsync() => _feed = await PackageFeed.PackAsync();

    [OneTimeTearDown]
    public void Delete() => _feed?.Dispose();

    [Test]
    public void Packages_OfTheSolution_AreTheLibrarys()
        => Assert.That(Directory.GetFiles(_feed.Packages, "*.nupkg").Select(static path => IdOf(ReadNuspec(path))), Is.EquivalentTo(Names));

    [TestCaseSource(nameof(Names))]
    public void Package_OfTheLibrary_SaysWhatItIs(string name)
    {
        using var package = ZipFile.OpenRead(PathOf(name, "nupkg"));
        using var symbols = ZipFile.OpenRead(PathOf(name, "snupkg"));
        var metadata = ReadNuspec(PathOf(name, "nupkg"));

        Assert.Multiple(() =>
        {
            Assert.That(package.GetEntry("README.md"), Is.Not.Null, "the readme");
            Assert.That(package.GetEntry($"lib/net10.0/{name}.dll"), Is.Not.Null, "the assembly");
            Assert.That(package.GetEntry($"lib/net10.0/{name}.xml"), Is.Not.Null, "its documentation");
            Assert.That(symbols.GetEntry($"lib/net10.0/{name}.pdb"), Is.Not.Null, "its symbols");
            Assert.That(ValueOf(metadata, "license"), Is.EqualTo("MIT"));
            Assert.That(ValueOf(metadata, "readme"), Is.EqualTo("README.md"));
            Assert.That(ValueOf(metadata, "description"), Is.Not.Null.And.Not.Empty);
        });
    }

    [TestCaseSource(nameof(Names))]
    public void Package_OfTheLibrary_NamesItsSiblingsByItsOwnVersion(string name)
    {
        var metadata = ReadNuspec(PathOf(name, "nupkg"));
        var siblings = metadata.Descendants()
            .Where(static e => e.Name.LocalName == "dependency" && e.Attribute("id")!.Value.StartsWith("Netra.", StringComparison.Ordinal));

        Assert.That(
            siblings.Select(static sibling => sibling.Attribute("version")!.Value), Is.All.EqualTo($"[{ValueOf(metadata, "version")}]"));
    }

    [Test]
    public async Task Host_OfTheCoreAlone_DeliversAndHasNothingHeavyBesideIt()
    {
        var output = await _feed.BuildAsync(
            "core-host", "Netra.Pipeline.Core", Version, Program("services.AddNetraPipelineCore().UseInMemoryEventLog();"));

        var printed = await PackageFeed.RunAsync(output, "dotnet", "core-host.dll");

        Assert.That(printed, Does.Contain("stored 1"));
        Assert.That(
            Directory.GetFiles(output, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Where(static file => Array.Exists(
                Heavy, heavy => file!.Contains(heavy, StringComparison.OrdinalIgnoreCase))),
            Is.Empty);
    }

    [Test]
    public async Task Host_OfEverything_StoresInSqliteAndAnswersOperators()
    {
        var output = await _feed.BuildAsync("whole-host", "Netra.Pipeline", Version, Program("services.AddNetraPipeline();"));

        var printed = await PackageFeed.RunAsync(output, "dotnet", "whole-host.dll");

        Assert.Multiple(() =>
        {
            Assert.That(printed, Does.Contain("stored 1"));
            Assert.That(File.Exists(Path.Combine(output, "data", "netra.db")), Is.True, "the SQLite file");
        });
    }

    [Test]
    public void Client_OfItsPackage_BringsTheProtocolAndLoggingsAbstractionsAlone()
        => Assert.That(
            ReadNuspec(PathOf("Netra.Pipeline.Client", "nupkg")).Descendants()
                .Where(static element => element.Name.LocalName is "dependency" or "frameworkReference")
                .Select(static element => element.Attribute("id")!.Value),
            Is.EquivalentTo(new[] { "Netra.Pipeline.Protocol", "Microsoft.Extensions.Logging.Abstractions" }));

    private string Version => ValueOf(ReadNuspec(PathOf("Netra.Pipeline", "nupkg")), "version")!;

    // One event of a run, over the public API as the README has it.
    private static string Program(string registration) => $$"""
        using System.Net;
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Hosting;
        using Microsoft.AspNetCore.Server.Kestrel.Core;
        using Microsoft.Extensions.DependencyInjection;
        using Netra.Pipeline.Contexts;
        using Netra.Pipeline.Emission;

        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = AppContext.BaseDirectory });
        var services = builder.Services;
        {{registration}}
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener =>
        {
            listener.Protocols = HttpProtocols.Http1;
            listener.UseNetraPipeline();
        }));
        var app = builder.Build();
        app.MapNetraPipeline();
        await app.StartAsync();
        var context = app.Services.GetRequiredService<UserExecutionContextFactory>().Create("ada", "t1", "r1");
        await using (var emitter = await app.Services.GetRequiredService<EventEmitterFactory>().CreateEmitterAsync(context))
        {
            var receipt = await emitter.AgentStartedAsync("greeter");
            Console.WriteLine($"stored {(await receipt.WhenStoredAsync(CancellationToken.None)).Seq}");
            await emitter.AgentCompletedAsync("greeter");
        }

        await app.StopAsync();
        """;

    private string PathOf(string name, string extension) => Directory.GetFiles(_feed.Packages, $"{name}.*.{extension}")
        .Single(path => char.IsAsciiDigit(Path.GetFileName(path)[name.Length + 1]));

    private static XElement ReadNuspec(string package)
    {
        using var zip = ZipFile.OpenRead(package);
        using var stream = zip.Entries.Single(static entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XElement.Load(stream);
    }

    private static string? IdOf(XElement nuspec) => ValueOf(nuspec, "id");

    private static string? ValueOf(XElement nuspec, string name)
        => nuspec.Descendants().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
}
