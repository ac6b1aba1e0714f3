using System.Text;
using System.Text.RegularExpressions;
using Netra.Pipeline.Events;
using Netra.Pipeline.Protocol;
using Netra.Pipeline.Publishing;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Publishing;

/// <summary>What is taken and what is refused, wherever the type stands: data is read in passing after it, and later before it.</summary>
[TestFixture(true)]
[TestFixture(false)]
[Parallelizable(ParallelScope.All)]
internal sealed partial class PublishedEventReaderTests(bool isTypeFirst)
{
    [TestCase(EventType.AgentStarted, """{"agent_name":"a"}""")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","parent_run_id":"r0","lease_ms":5000}""")]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","parent_run_id":null}""")]
    [TestCase(EventType.AgentThinking, """{"thought":""}""")]
    [TestCase(EventType.ToolExecuting, """{"tool_name":"t"}""")]
    [TestCase(EventType.ToolExecuting, """{"tool_name":"t","call_id":"c","arguments":[{"a":1}]}""")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t"}""")]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t","call_id":null,"status":"ok","duration_ms":0,"result":{},"error":null}""")]
    [TestCase(
        EventType.ToolCompleted,
        """{"tool_name":"t","status":"failed","duration_ms":1.5e3,"error":{"code":"c","message":"m","more":{"code":1}}}""")]
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
        using var read = Read(type, data);
        Assert.That((read.Malformed, read.Invalid), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That((read.Data.Type, Encoding.UTF8.GetString(read.Data.Json.Span)), Is.EqualTo((type, data)));
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
    [TestCase(
        EventType.ToolCompleted,
        """{"tool_name":"t","duration_ms":-1}""",
        "'data.duration_ms' must be a finite number that is not negative")]
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
        using var read = Read(type, data);
        Assert.That(read.Malformed, Is.Null);
        Assert.That(read.Invalid, Does.StartWith("Publish was refused: '").And.Contain(problem));
    }

    [TestCase(EventType.AgentStarted, """{"agent_name":"a","lease_ms":5000,"tool_name":7,"call_id":"c"}""", "a", null, 5000)]
    [TestCase(EventType.ToolExecuting, """{"tool_name":"t","agent_name":"a","call_id":"c"}""", "t", "c", 0)]
    [TestCase(EventType.ToolCompleted, """{"tool_name":"t\u0021","call_id":null,"result":{"call_id":"no"}}""", "t!", null, 0)]
    [TestCase(EventType.AgentFailed, """{"agent_name":"a","error":{"code":"c","message":"m","agent_name":"no"}}""", "a", null, 0)]
    [TestCase(EventType.AgentThinking, """{"thought":"x","agent_name":"a"}""", null, null, 0)]
    [TestCase(EventType.Custom, """{"name":"n","value":1,"call_id":"c"}""", null, null, 0)]
    public void Read_WhatTheRunDependsOn_IsOfTheListedMembersAlone(EventType type, string data, string? name, string? callId, int leaseMs)
    {
        using var read = Read(type, data);
        Assert.That(read.Data.Subject, Is.EqualTo(new EventSubject(name, callId, TimeSpan.FromMilliseconds(leaseMs))));
    }

    [TestCase("""{"a":" b\" ","c":[1,2.50]}""", """{"a":" b\" ","c":[1,2.50]}""")]
    [TestCase("""{"a": 1, "b": [1, 2], "c": {}}""", """{"a":1,"b":[1,2],"c":{}}""")]
    [TestCase("{ }", "{}")]
    [TestCase("{ \"a\"\t:\r\n[ ]\n,\t\"b , :\" : null }", """{"a":[],"b , :":null}""")]
    [TestCase("{\"a\" :1 ,\"b\":[ 1 ,2 , [ ] , { } ]  ,  \"c\":\"\\\\\"  }", """{"a":1,"b":[1,2,[],{}],"c":"\\"}""")]
    public void Read_WhiteSpace_GoesFromBetweenTheTokens(string value, string compact)
    {
        using var read = Read(EventType.Custom, $"{{\"name\":\"n\",\"value\":{value}}}");
        Assert.That(Encoding.UTF8.GetString(read.Data.Json.Span), Is.EqualTo($"{{\"name\":\"n\",\"value\":{compact}}}"));
        Assert.That(read.Rented is null, Is.EqualTo(value == compact), "copied where there is white space");
    }

    [TestCase("""{"until":5}""", 5.0)]
    [TestCase("""{"until":1.5,"until":7}""", 1.5)]
    [TestCase("""{"x":{"until":7},"until":0}""", 0.0)]
    [TestCase("""{"until":"5","until":7}""", null)]
    [TestCase("""{"until":-1}""", null)]
    [TestCase("""{"until":253402300799}""", null)]
    [TestCase("""{}""", null)]
    [TestCase("null", null)]
    public void Read_Waiting_SaysUntilWhen(string data, double? seconds)
    {
        using var read = Read("waiting", data);
        Assert.That((read.Malformed, read.Invalid, read.Sign), Is.EqualTo(((string?)null, (string?)null, LifeSign.Waiting)));
        Assert.That(read.Until, Is.EqualTo(seconds is { } s ? DateTimeOffset.UnixEpoch.AddSeconds(s) : (DateTimeOffset?)null));
    }

    [Test]
    public void Read_WaitingWithANameThatIsNotUnicode_IsMalformed()
    {
        using var read = Read("waiting", """{"\ud800":1,"until":5}""");
        Assert.That(read.Malformed, Is.EqualTo("Publish was refused: 'data' has text that is not Unicode: an unpaired surrogate"));
    }

    [TestCase("heartbeat", "[]", "'data' must be an object")]
    [TestCase("token", "{\"delta\":1}{", "is not valid JSON")]
    [TestCase("token", "{\"delta\":\"x\"},\"data\":{\"delta\":\"x\"}", "'data' occurs twice")]
    [TestCase("token", "{\"delta\":1},\"run_id\":\"r2\"", "'run_id' occurs twice")]
    public void Read_Malformed_IsToldBeforeWhatIsWrongWithData(string type, string data, string problem)
    {
        using var read = Read(type, data);
        Assert.That((read.Target.UserId, read.Invalid), Is.EqualTo(("ada", (string?)null)));
        Assert.That(read.Malformed, Does.Contain(problem));
    }

    [TestCase(EventType.AgentStarted, """{"agent_name":"a"}""", true, true)]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","metadata":{}}""", false, true)]
    [TestCase(EventType.AgentStarted, """{"agent_name":"a","timestamp":1}""", true, false)]
    [TestCase(EventType.Token, """{"delta":"a"}""", false, false)]
    public void Read_MetadataAndTimestamp_AreToBeAddedWhereTheyBelongAndAreAbsent(
        EventType type, string data, bool metadata, bool timestamp)
    {
        using var read = Read(type, data);
        Assert.That((read.Data.AddMetadata, read.Data.AddTimestamp), Is.EqualTo((metadata, timestamp)));
    }

    [Test]
    public void Rules_EveryType_AreThoseOfTheProtocolDocument()
    {
        var document = File.ReadAllText(Repository.PathOf("docs/protocol.md"));
        foreach (var type in Enum.GetValues<EventType>().Where(static t => !EventTypes.IsOfServer(t)))
        {
            var row = Regex.Match(
                document,
                $@"^\| `{EventTypes.WireName(type)}` \| (?<members>.*?) \| (yes|no)",
                RegexOptions.Multiline | RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(1));
            var listed = Listed().Replace(row.Groups["members"].Value, string.Empty).Split(", ")
                .Select(static m => (Name: m.Split('`')[1], Optional: m.EndsWith('?')));
            var rules = EventDataRules.Of(type).Select(static m => (m.Name, Optional: m.Presence == DataPresence.Optional));
            Assert.That(rules, Is.EquivalentTo(listed), EventTypes.WireName(type));
        }
    }

    // What members contain: {…} and (…).
    [GeneratedRegex(@"(\{[^}]*\}| \([^)]*\))", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listed();

    private PublishedEvent Read(EventType type, string data) => Read(EventTypes.WireName(type), data);

    private PublishedEvent Read(string type, string data) => PublishedEventReader.Read(
        Encoding.UTF8.GetBytes(
            isTypeFirst
                ? $$"""{"user_id":"ada","thread_id":"t1","run_id":"r1","type":"{{type}}","data":{{data}}}"""
                : $$"""{"user_id":"ada","thread_id":"t1","run_id":"r1","data":{{data}},"type":"{{type}}"}"""),
        previous: null);
}
