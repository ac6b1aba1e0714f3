namespace Netra.Pipeline.Load.Publishing;

/// <summary>Ids of events, to compare what a receipt says with what comes.</summary>
internal static class EventId
{
    /// <summary>A hash that differs between runs of the program; 0 stands for no id.</summary>
    public static int Hash(ReadOnlySpan<byte> id)
    {
        var hash = default(HashCode);
        hash.AddBytes(id);
        return hash.ToHashCode() is var code and not 0 ? code : 1;
    }
}
