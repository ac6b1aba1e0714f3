using System.Buffers;
using System.Text;
using Netra.Pipeline.Connections;
using Netra.Pipeline.EventStreams;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Tests.EventStreams;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class EventStreamFormatTests
{
    [TestCase("{}", null, "data: {}\n\n")]
    [TestCase("{}", 58L, "id: Zk3f.17.58\ndata: {}\n\n")]
    [TestCase("{}", 9007199254740991L, "id: Zk3f.17.9007199254740991\ndata: {}\n\n")]
    [TestCase("{\n\"a\":\r\n1\r}", null, "data: {\ndata: \"a\":\ndata: \ndata: 1\ndata: }\n\n")]
    public void WriteMessage_Json_IsOneEvent(string json, long? cursor, string expected)
    {
        var output = new ArrayBufferWriter<byte>();

        new EventStreamFormat("Zk3f", 17).WriteMessage(output, Encoding.UTF8.GetBytes(json), cursor);

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo(expected));
    }

    [TestCase(ConnectionEndReason.ServerShutdown, "event: end\ndata: {\"reason\":\"server_shutdown\",\"reconnect\":true}\n\n")]
    [TestCase(ConnectionEndReason.InvalidMessage, "event: end\ndata: {\"reason\":\"invalid_message\",\"reconnect\":false}\n\n")]
    public void WriteEnd_Reason_SaysWhetherToReconnect(ConnectionEndReason reason, string expected)
    {
        var output = new ArrayBufferWriter<byte>();

        EventStreamFormat.WriteEnd(output, ConnectionEndReasons.Describe(reason));

        Assert.That(Encoding.UTF8.GetString(output.WrittenSpan), Is.EqualTo(expected));
    }
}
