using System.Text;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Protocol;

public sealed class EventTypesTests
{
    public static IEnumerable<EventType> Types => Enum.GetValues<EventType>();

    [TestCaseSource(nameof(Types))]
    public void WireName_EveryType_IsParsedBack(EventType type)
    {
        var name = EventTypes.WireName(type);

        Assert.That(Encoding.UTF8.GetString(EventTypes.Utf8Name(type)), Is.EqualTo(name));
        Assert.That(EventTypes.TryParse(name, out var fromText) && fromText == type);
        Assert.That(EventTypes.TryParse(Encoding.UTF8.GetBytes(name), out var fromBytes) && fromBytes == type);
    }

    [TestCaseSource(nameof(Types))]
    public void EveryType_HasItsRowInTheProtocolDocument(EventType type)
    {
        var row = File.ReadLines(Repository.PathOf("docs/protocol.md"))
            .SkipWhile(line => !line.StartsWith("### 3.1", StringComparison.Ordinal))
            .TakeWhile(line => !line.StartsWith("### 3.2", StringComparison.Ordinal))
            .Single(line => line.StartsWith($"| `{EventTypes.WireName(type)}` |", StringComparison.Ordinal));
        var critical = row.TrimEnd(' ', '|')[(row.TrimEnd(' ', '|').LastIndexOf('|') + 1)..].Trim();

        Assert.That(EventTypes.IsCritical(type), Is.EqualTo(critical.StartsWith("yes", StringComparison.Ordinal)));
        Assert.That(EventTypes.IsTerminal(type), Is.EqualTo(critical.Contains("terminal", StringComparison.Ordinal)));
    }

    [TestCase("")]
    [TestCase("Token")]
    [TestCase("token ")]
    [TestCase("a name that is far longer than any that is known")]
    [TestCase(null)]
    public void TryParse_UnknownName_IsFalse(string? name)
    {
        Assert.That(EventTypes.TryParse(name, out _), Is.False);
        Assert.That(EventTypes.TryParse(Encoding.UTF8.GetBytes(name ?? string.Empty), out _), Is.False);
    }

    [Test]
    public void WireName_NotAType_Throws()
    {
        Assert.That(() => EventTypes.WireName((EventType)99), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => EventTypes.Utf8Name((EventType)99).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
