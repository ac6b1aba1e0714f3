namespace Netra.Pipeline.Publishing;

/// <summary>Whether a member of an event's data must be there.</summary>
internal enum DataPresence
{
    /// <summary>It must be there.</summary>
    Required,

    /// <summary>It may be absent or null.</summary>
    Optional,

    /// <summary>It is added when it is absent.</summary>
    Added,
}
