using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Netra.Pipeline.Alerting;
using Netra.Pipeline.Client;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Monitoring;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Security;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>The house has one-way streets: a room uses only what stands below it (docs/architecture.md).</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class LayersTests
{
    // The extension methods that hosts call stand where hosts look for them, and belong to the room that has the registrations.
    private static readonly System.Reflection.Assembly[] Assemblies =
    [
        typeof(EventType).Assembly,
        typeof(EventClient).Assembly,
        typeof(PipelineModule).Assembly,
        typeof(SqliteEventLog).Assembly,
        typeof(MonitoringOptions).Assembly,
        typeof(AlertingOptions).Assembly,
        typeof(CredentialOptions).Assembly,
        typeof(Microsoft.Extensions.DependencyInjection.NetraPipelineServiceCollectionExtensions).Assembly,
    ];

    private static readonly ArchUnitNET.Domain.Architecture House = new ArchLoader().LoadAssemblies(Assemblies).Build();

    [Test]
    public void Rooms_OfAllTypes_AreThoseOfThePage()
    {
        var found = House.Types.Where(IsOurs).Select(RoomOf).Distinct(StringComparer.Ordinal);

        Assert.That(found, Is.EquivalentTo(ArchitectureDocument.Rooms));
    }

    [Test]
    public void Room_OfAnyKind_UsesOnlyWhatStandsBelow()
    {
        var floors = ArchitectureDocument.Rooms.Index().ToDictionary(
            static room => room.Item, static room => room.Index, StringComparer.Ordinal);
        var upward =
            from type in House.Types.Where(IsOurs)
            from dependency in type.Dependencies
            where IsOurs(dependency.Target) && floors[RoomOf(dependency.Target)] > floors[RoomOf(type)]
            select $"{type.FullName} ({RoomOf(type)}) uses {dependency.Target.FullName} ({RoomOf(dependency.Target)})";

        Assert.That(upward.Distinct(StringComparer.Ordinal), Is.Empty);
    }

    [Test]
    public void Rooms_TakenByTwos_MakeNoCircle()
    {
        var uses = House.Types.Where(IsOurs)
            .SelectMany(static type =>
                type.Dependencies.Where(static d => IsOurs(d.Target)).Select(d => (From: RoomOf(type), To: RoomOf(d.Target))))
            .Where(static pair => pair.From != pair.To)
            .ToHashSet();

        Assert.That(uses.Where(pair => uses.Contains((pair.To, pair.From))), Is.Empty);
    }

    [Test]
    public void Core_AloneOfAllProjects_BringsNoPackage()
    {
        string[] heavy = ["Sqlite", "SQLite", "MailKit", "MimeKit", "BouncyCastle", "Polly"];

        var references = typeof(PipelineModule).Assembly.GetReferencedAssemblies().Select(static reference => reference.Name!);

        Assert.That(references.Where(name => heavy.Any(name.Contains)), Is.Empty);
    }

    private static bool IsOurs(IType type)
        => type is { Assembly: { } assembly, Namespace: not null }
            && Array.Exists(Assemblies, ours => ours.GetName().Name == assembly.Name.Split(',')[0])
            && !IsGenerated(type);

    // The compiler's own: regular expressions, logging and the like.
    private static bool IsGenerated(IType type)
        => !type.Namespace.FullName.StartsWith("Netra.", StringComparison.Ordinal)
            && !type.Namespace.FullName.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static string RoomOf(IType type) => type.Namespace.FullName.StartsWith("Microsoft.", StringComparison.Ordinal)
        ? HostingOf(type.Assembly.Name.Split(',')[0])
        : type.Namespace.FullName;

    private static string HostingOf(string assembly) => assembly switch
    {
        "Netra.Pipeline" => "Netra.Pipeline",
        "Netra.Pipeline.Core" => "Netra.Pipeline.Hosting",
        _ => $"{assembly}.Hosting",
    };
}
