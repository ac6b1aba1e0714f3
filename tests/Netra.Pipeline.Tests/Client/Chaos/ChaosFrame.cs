using System.Text.Json;

namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>A frame that a reader has handled.</summary>
/// <param name="From">Its first number.</param>
/// <param name="To">Its last number.</param>
/// <param name="Keys">The keys of the events that it stands for, in order.</param>
internal sealed record ChaosFrame(long From, long To, IReadOnlyList<string> Keys)
{
    /// <summary>Reads what events of the chaos say: each has its key in its payload, and text that is joined has all of them.</summary>
    public static ChaosFrame Of(long from, long to, string type, JsonElement data) => new(from, to, type switch
    {
        "token" => data.GetProperty("delta").GetString()!.TrimEnd(';').Split(';'),
        "custom" => [data.GetProperty("value").GetString()!],
        _ => [data.GetProperty("metadata").GetProperty("key").GetString()!],
    });
}
