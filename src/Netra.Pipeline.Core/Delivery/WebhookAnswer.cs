namespace Netra.Pipeline.Delivery;

/// <summary>What came of posting a dead letter.</summary>
/// <param name="IsTaken">Whether the receiver has taken it.</param>
/// <param name="IsReceiverAway">Whether the trouble is with the receiver and not with this dead letter, so that posting another one would fail too.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone; null when it did not say.</param>
/// <param name="Problem">What is wrong, for people; empty when it was taken.</param>
internal readonly record struct WebhookAnswer(bool IsTaken, bool IsReceiverAway, TimeSpan? RetryAfter, string Problem);
