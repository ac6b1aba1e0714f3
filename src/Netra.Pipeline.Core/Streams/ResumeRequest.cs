namespace Netra.Pipeline.Streams;

/// <summary>Where a client resumes, as its handshake says.</summary>
/// <param name="Epoch">The history its cursor belongs to; null when it named none.</param>
/// <param name="Seq">Its cursor; null for "from now on".</param>
/// <param name="From">Where its coverage began; null for the cursor itself.</param>
internal readonly record struct ResumeRequest(string? Epoch, long? Seq, long? From)
{
    public static ResumeRequest FromNow => default;
}

/// <summary>Where a connection begins, as its <c>welcome</c> says.</summary>
/// <param name="Head">The last number given at that moment.</param>
/// <param name="From">Where its coverage begins.</param>
/// <param name="Resumed">Whether numbers continue the client's history.</param>
internal readonly record struct ResumePoint(long Head, long From, bool Resumed);
