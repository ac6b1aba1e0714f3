namespace Netra.Pipeline.Storage;

/// <summary>What became of a stream's events, since its beginning. Each figure is counted where it happens.</summary>
/// <param name="Accepted">Events that were ever accepted.</param>
/// <param name="Acknowledged">Events that some device has confirmed.</param>
/// <param name="Pending">Events that are kept, neither confirmed nor dead letters.</param>
/// <param name="Expired">Events that retention deleted before a device confirmed them, and that are no dead letters.</param>
/// <param name="DeadLettered">Events that became dead letters and were not confirmed later.</param>
/// <param name="Erased">Events that were pending when their user was erased.</param>
public readonly record struct StreamAccount(
    long Accepted, long Acknowledged, long Pending, long Expired, long DeadLettered, long Erased = 0)
{
    /// <summary>Events without an accounted outcome: anything but 0 is a fault.</summary>
    public long Unaccounted => Accepted - Acknowledged - Pending - Expired - DeadLettered - Erased;

    /// <summary>Two accounts together.</summary>
    public static StreamAccount operator +(StreamAccount left, StreamAccount right) => new(
        left.Accepted + right.Accepted,
        left.Acknowledged + right.Acknowledged,
        left.Pending + right.Pending,
        left.Expired + right.Expired,
        left.DeadLettered + right.DeadLettered,
        left.Erased + right.Erased);

    /// <summary>An account without a part of it.</summary>
    public static StreamAccount operator -(StreamAccount left, StreamAccount right) => new(
        left.Accepted - right.Accepted,
        left.Acknowledged - right.Acknowledged,
        left.Pending - right.Pending,
        left.Expired - right.Expired,
        left.DeadLettered - right.DeadLettered,
        left.Erased - right.Erased);

    /// <summary>The account when all that is kept has been erased.</summary>
    internal StreamAccount AfterErasure() => this with { Pending = 0, Erased = Erased + Pending };
}
