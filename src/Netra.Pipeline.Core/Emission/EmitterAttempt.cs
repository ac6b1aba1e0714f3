using Netra.Pipeline.Runs;

namespace Netra.Pipeline.Emission;

/// <summary>Which attempt of its run an emitter's events belong to. Safe from any thread.</summary>
/// <param name="publisher">Its publisher's, which all of the publisher's emitters of the run share.</param>
/// <param name="named">The one that it was made for; null for its publisher's.</param>
internal sealed class EmitterAttempt(PublisherAttempt publisher, int? named)
{
    /// <summary>For what belongs to no run.</summary>
    public static EmitterAttempt OutsideRun { get; } = new(new PublisherAttempt(1), named: null);

    public PublisherAttempt Publisher => publisher;

    /// <summary>The attempt it was made for; null for none.</summary>
    public int? Named => named;

    /// <summary>The attempt that its next event belongs to.</summary>
    public int Now => named ?? publisher.Value;
}
