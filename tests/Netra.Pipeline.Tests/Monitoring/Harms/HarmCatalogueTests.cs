using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>
/// Spec M9, design 4.15: in every situation of the catalogue the guards end no healthy page, fail no healthy run, raise no false alarm,
/// lose nothing, and the service is back within a second of the cause's end. Real processes and sockets. <c>NETRA_HARM_FULL=1</c> runs the
/// full lengths with default options, <c>NETRA_HARM_ROWS</c> some rows, <c>NETRA_HARM_SERVER</c> another build.
/// </summary>
[TestFixture]
[NonParallelizable]
internal sealed class HarmCatalogueTests
{
    private static readonly Lock Writing = new();
    private HarmSchedule _schedule = null!;

    [OneTimeSetUp]
    public void Begin() => _schedule = new HarmSchedule(HarmCatalogue.Selected, HarmSettings.Lanes);

    [OneTimeTearDown]
    public async Task EndAsync() => await _schedule.DisposeAsync();

    [TestCaseSource(typeof(HarmCatalogue), nameof(HarmCatalogue.Selected))]
    public async Task Harm_BroughtAbout_HurtsNobodyWhoIsWell(Harm harm)
    {
        var report = await _schedule.ResultOfAsync(harm);

        await TestContext.Out.WriteLineAsync(report.ToString());
        if (HarmSettings.Report is { } path)
        {
            lock (Writing)
            {
                File.AppendAllText(path, report + Environment.NewLine);
            }
        }

        Assert.That(report.Complaints, Is.Empty, report.ToString());
    }

    [Test]
    public void Catalogue_StandsInTheOperationsManual()
    {
        var manual = File.ReadAllText(Repository.PathOf("docs/operations.md"));
        var missing = HarmCatalogue.Rows().Where(row => !manual.Contains(row, StringComparison.Ordinal)).ToList();
        Assert.That(missing, Is.Empty, $"rows that docs/operations.md lacks, as they must stand there:\n{string.Join('\n', missing)}");
        var rows = manual.Split(
            "<!-- generated: harms -->")[1].Split('\n').Count(static line => line.StartsWith("| `", StringComparison.Ordinal));
        Assert.That(rows, Is.EqualTo(HarmCatalogue.All.Count), "docs/operations.md has rows that the catalogue has not");
    }

    [Test]
    public void Catalogue_TestsThatAreElsewhere_AreThere()
    {
        var missing = HarmCatalogue.All.Where(static harm => harm.ShownBy is var (type, method)
            && type.GetMethod(method)?.GetCustomAttributes(inherit: false).Any(static mark => mark is TestAttribute or TestCaseAttribute)
                != true);
        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void Catalogue_NamesAreUnique() => Assert.That(HarmCatalogue.All.Select(static harm => harm.Name), Is.Unique);

    [Test]
    public void Catalogue_HasAtLeastFortyRowsAndSomeForEveryGuard()
    {
        Assert.That(HarmCatalogue.All, Has.Count.GreaterThanOrEqualTo(40));
        Assert.That(Enum.GetValues<Guard>().Except(HarmCatalogue.All.Select(static harm => harm.Guard)), Is.Empty, "guards without a row");
    }
}
