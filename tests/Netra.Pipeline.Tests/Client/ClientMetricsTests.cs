using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Netra.Pipeline.Client;
using Netra.Pipeline.Client.Publishing;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Client;

/// <summary>The tables of docs/connect.md and docs/publish.md against the instruments of a client and a publisher.</summary>
[TestFixture]
internal sealed partial class ClientMetricsTests
{
    [Test]
    public async Task Tables_OfTheDocuments_HaveEveryInstrumentWithItsUnit()
    {
        using var meters = new TestMeterFactory();
        var instruments = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (meters.Owns(instrument))
                {
                    instruments.Add($"{instrument.Name} {instrument.Unit}");
                }
            },
        };
        listener.Start();
        var address = new Uri("http://127.0.0.1");
        await using var client = new EventClient(new EventClientOptions { Address = address, MeterFactory = meters });
        await using var publisher = new PipelinePublisher(new PublisherOptions { Address = address, MeterFactory = meters });

        var tables = ((string[])["docs/connect.md", "docs/publish.md"])
            .SelectMany(static document => Row().Matches(File.ReadAllText(Repository.PathOf(document))))
            .Select(static row => $"{row.Groups["name"].Value} {row.Groups["unit"].Value}");

        Assert.That(tables, Is.EquivalentTo(instruments));
    }

    [GeneratedRegex(@"^\| `(?<name>netra\.client\.[\w.]+)` \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
