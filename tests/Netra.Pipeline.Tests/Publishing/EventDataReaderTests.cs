using System.Text;
using System.Text.RegularExpressions;
using Netra.Pipeline.Emission;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Publishing;

public sealed partial class EventDataReaderTests
{
    [TestCase(EventType.AgentStarted, """{"agent_name":"a"}""")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","parent_run_id":"r0","lease_ms":5000}""")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","parent_run_id":null}""")]
    [TestCase(EventType.AgentThinking, """{"thought":""}""")]
    [TestCase(EventType.ToolExecuting, """{"tool_name":"t"}""")]
    [TestCase(EventType.ToolExecuting, """{"tool_name":"t","call_id":"c","arguments":[{"a":1}]}""")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t"}""")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","call_id":null,"status":"ok","duration_ms":0,"result":{},"error":null}""")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","status":"failed","duration_ms":1.5e3,"error":{"code":"c","message":"m","more":{"code":1}}}""")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","status":"cancelled"}""")]
    [TestCase(EventType.AgentCompleted, """{"agent_name":"a","duration_ms":12,"metadata":{"x":[]},"timestamp":1.5}""")]
    [TestCase(EventType.AgentFailed, """{"agent_name":"a","error":{"message":"m","code":"c"}}""")]
    [TestCase(EventType.AgentCancelled, """{"agent_name":"a","reason":"r"}""")]
    [TestCase(EventType.Token, """{"delta":""}""")]
    [TestCase(EventType.Token, """{"d\u0065lta":"\ud83e\udd8a"}""")]
    [TestCase(EventType.Token, """{"delta":"x","metadata":5}""")]
    [TestCase(EventType.Custom, """{"name":"n","value":null}""")]
    [TestCase(EventType.Custom, """{"value":[[[]]],"name":"n"}""")]
    public void Read_ValidData_IsTaken(EventType type, string data)
    {
        Assert.That(Encoding.UTF8.GetString(Read(type, data).Json.Span), Is.EqualTo(data));
    }

    [TestCase(EventType.AgentStarted, """{}""", "'data.agent_name' is missing")]
    [TestCase(EventType.AgentStarted, """{"agent_name":""}""", "'data.agent_name' must be a string that is not empty")]
    [TestCase(EventType.AgentStarted, """{"agent_name":null}""", "'data.agent_name' must be a string that is not empty")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","agent_name":"a"}""", "'data.agent_name' occurs twice")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","metadata":[]}""", "'data.metadata' must be an object")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","metadata":null}""", "'data.metadata' must be an object")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","timestamp":"now"}""", "'data.timestamp' must be a finite number")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","parent_run_id":1}""", "'data.parent_run_id' must be a string")]
    [TestCase(EventType.AgentThinking, """{"thought":1}""", "'data.thought' must be a string")]
    [TestCase(EventType.ToolExecuting, """{"tool_name":"t","call_id":1}""", "'data.call_id' must be a string")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","status":"done"}""", "'data.status' must be ok, failed or cancelled")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","status":"o\ud800"}""", "not Unicode")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","duration_ms":-1}""", "'data.duration_ms' must be a finite number that is not negative")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","duration_ms":1e999}""", "'data.duration_ms' must be a finite number")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","error":"e"}""", "'data.error' must be an object with code and message")]
    [TestCase(EventType.AgentFailed, """{"agent_name":"a"}""", "'data.error' is missing")]
    [TestCase(EventType.AgentFailed, """{"agent_name":"a","error":null}""", "'data.error' must be an object with code and message")]
    [TestCase(EventType.AgentFailed, """{"agent_name":"a","error":{"code":"c"}}""", "'data.error.message' is missing")]
    [TestCase(EventType.AgentFailed, """{"agent_name":"a","error":{"code":"c","message":[]}}""", "'data.error.message' must be a string")]
    [TestCase(EventType.Token, """{"delta":null}""", "'data.delta' must be a string")]
    [TestCase(EventType.Token, """{"delta":"\uD83E"}""", "not Unicode")]
    [TestCase(EventType.Token, """{"delta":"x","deep":[{"\udd8a":1}]}""", "not Unicode")]
    [TestCase(EventType.Custom, """{"name":"n"}""", "'data.value' is missing")]
    public void Read_InvalidData_NamesTheMember(EventType type, string data, string problem)
    {
        Assert.That(() => Read(type, data), Throws.ArgumentException.With.Message.Contains(problem));
    }

    [TestCase(EventType.AgentStarted, """{"agent_name":"a"}""", true, true)]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","metadata":{}}""", false, true)]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","timestamp":1}""", true, false)]
    [TestCase(EventType.Token, """{"delta":"a"}""", false, false)]
    public void Read_MetadataAndTimestamp_AreToBeAddedWhereTheyBelongAndAreAbsent(EventType type, string data, bool metadata, bool timestamp)
    {
        var read = Read(type, data);
        Assert.That((read.AddMetadata, read.AddTimestamp), Is.EqualTo((metadata, timestamp)));
    }

    [Test]
    public void Rules_EveryType_AreThoseOfTheProtocolDocument()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/protocol.md"));
        foreach (var type in Enum.GetValues<EventType>().Where(static t => t != EventType.AgentStalled))
        {
            var row = Regex.Match(document, $@"^\| `{EventTypes.WireName(type)}` \| (?<members>.*?) \| (yes|no)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
            var listed = Listed().Replace(row.Groups["members"].Value, string.Empty).Split(", ").Select(static m => (Name: m.Split('`')[1], Optional: m.EndsWith('?')));
            var rules = EventDataRules.Of(type).Select(static m => (m.Name, Optional: m.Presence == DataPresence.Optional));
            Assert.That(rules, Is.EquivalentTo(listed), EventTypes.WireName(type));
        }
    }

    // What members contain: {…} and (…).
    [GeneratedRegex(@"(\{[^}]*\}| \([^)]*\))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listed();

    private static PublishedData Read(EventType type, string data)
    {
        var read = EventDataReader.Read(new PublishRequest(new PublishTarget("ada", "t1", "r1", null, null), type, true, Encoding.UTF8.GetBytes(data)), out var problem);
        return problem is null ? read : throw new ArgumentException(problem, nameof(data));
    }
}
