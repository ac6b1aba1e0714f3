namespace Netra.Pipeline.Streams;

/// <summary>Where a client wants to go on, as its handshake says.</summary>
/// <param name="Epoch">The history its cursor belongs to; null when it named none.</param>
/// <param name="Seq">Its cursor; null for "from now on".</param>
/// <param name="From">Where its coverage began; null for the cursor itself.</param>
internal readonly record struct ResumeRequest(string? Epoch, long? Seq, long? From)
{
    public static ResumeRequest FromNow => default;
}
