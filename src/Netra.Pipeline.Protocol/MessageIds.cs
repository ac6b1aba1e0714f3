namespace Netra.Pipeline.Protocol;

/// <summary>What an id of a client message must be.</summary>
internal static class MessageIds
{
    /// <summary>
    /// Makes sure that an id has 1 to 128 characters, counted as code points: the kindest of the counts that clients may use.
    /// </summary>
    /// <exception cref="ProtocolViolationException">It has not.</exception>
    public static void Require(string id, string member)
    {
        var length = 0;
        foreach (var _ in id.EnumerateRunes())
        {
            length++;
        }

        if (length is 0 or > ProtocolConstants.MaxMessageIdLength)
        {
            throw new ProtocolViolationException(
                $"'{member}' must have 1 to {ProtocolConstants.MaxMessageIdLength} characters, and has {length}");
        }
    }
}
