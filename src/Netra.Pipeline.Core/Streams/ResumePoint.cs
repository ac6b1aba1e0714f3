namespace Netra.Pipeline.Streams;

/// <summary>Where a connection begins, as its <c>welcome</c> says.</summary>
/// <param name="Head">The last number given at that moment.</param>
/// <param name="From">Where its coverage begins.</param>
/// <param name="Resumed">Whether numbers continue the client's history.</param>
internal readonly record struct ResumePoint(long Head, long From, bool Resumed);
