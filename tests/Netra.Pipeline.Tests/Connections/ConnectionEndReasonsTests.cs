using System.Text.RegularExpressions;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Connections;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class ConnectionEndReasonsTests
{
    [Test]
    public void Describe_EveryReason_IsInTheProtocolDocumentWithItsCode()
    {
        var documented = Rows().ToDictionary(
            static row => row.Groups["name"].Value, static row => row.Groups["code"].Value.TrimEnd(' ', '✗'), StringComparer.Ordinal);
        var mapped = Enum.GetValues<ConnectionEndReason>().Select(ConnectionEndReasons.Describe).ToDictionary(
            static info => info.WireName,
            static info => info.WireName == "client_closed" ? "the client's" : ((int?)info.CloseStatus)?.ToString() ?? "–",
            StringComparer.Ordinal);

        Assert.That(mapped, Is.EquivalentTo(documented));
    }

    [Test]
    public void Describe_EveryReason_LetsClientsReconnectWhereTheProtocolDocumentDoes()
    {
        var final = Rows().Where(static row => row.Groups["code"].Value.Contains('✗')).Select(static row => row.Groups["name"].Value);

        Assert.That(
            Enum.GetValues<ConnectionEndReason>()
                .Select(ConnectionEndReasons.Describe)
                .Where(static info => !info.MayReconnect)
                .Select(static info => info.WireName),
            Is.EquivalentTo(final));
    }

    [Test]
    public void Describe_ValueOutsideTheList_Throws()
    {
        Assert.That(() => ConnectionEndReasons.Describe((ConnectionEndReason)(-1)), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => ConnectionEndReasons.Describe((ConnectionEndReason)Enum.GetValues<ConnectionEndReason>().Length),
            Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    private static MatchCollection Rows()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/protocol.md"));
        var from = document.IndexOf("## 7. How a connection ends", StringComparison.Ordinal);
        var to = document.IndexOf("## 8. ", StringComparison.Ordinal);
        return Row().Matches(document[from..to]);
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z_]+)` \| (?<code>[^|]+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
