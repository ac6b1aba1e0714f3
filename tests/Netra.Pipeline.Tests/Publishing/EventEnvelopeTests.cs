using System.Text;
using System.Text.Json;
using Netra.Pipeline.Events;
using Netra.Pipeline.Publishing;

namespace Netra.Pipeline.Tests.Publishing;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventEnvelopeTests
{
    private const string Stored = """{"type":"token","id":"x-1","thread_id":"t1","run_id":"r1","timestamp":1.5,"data":{},"attempt":2}""";

    [Test]
    public void Read_StoredEvent_HasItsMembers()
        => Assert.That(
            Read(Encoding.UTF8.GetBytes(Stored)),
            Has.Property(nameof(EventEnvelope.Id)).EqualTo("x-1").And.Property(nameof(EventEnvelope.Attempt)).EqualTo(2));

    [TestCase("\"x-1\"", "17")]
    [TestCase("\"x-1\"", "\"\\ud800\"")]
    [TestCase("\"x-1\"", "\"\u00ff\"")]
    [TestCase("\"attempt\":2", "\"attempt\":99999999999")]
    [TestCase("\"attempt\":2", "\"attempt\":\"2\"")]
    [TestCase("\"token\"", "\"of another kind\"")]
    [TestCase("{}", "{")]
    public void Read_DamagedEvent_IsRefused(string right, string wrong)
        => Assert.That(() => Read(Encoding.Latin1.GetBytes(Stored.Replace(right, wrong))), Throws.InstanceOf<JsonException>());

    private static EventEnvelope Read(byte[] json) => EventEnvelope.Read([.. new byte[OwnerTag.Length], .. json]);
}
