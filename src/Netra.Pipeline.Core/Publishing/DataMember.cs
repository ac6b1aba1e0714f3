using System.Text;

namespace Netra.Pipeline.Publishing;

/// <summary>What docs/protocol.md, section 3.1, says about one member of an event's data.</summary>
internal sealed class DataMember(string name, DataKind kind, DataPresence presence = DataPresence.Required)
{
    public string Name { get; } = name;

    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(name);

    public DataKind Kind { get; } = kind;

    public DataPresence Presence { get; } = presence;
}
