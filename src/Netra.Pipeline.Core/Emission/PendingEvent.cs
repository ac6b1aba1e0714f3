using Netra.Pipeline.Events;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Emission;

/// <summary>An encoded event on its way to its stream.</summary>
/// <param name="Draft">The event.</param>
/// <param name="Subject">What it is about; null for one that counts in no run.</param>
/// <param name="Run">The run that it counts in; null for none.</param>
internal readonly record struct PendingEvent(EventDraft Draft, EventSubject? Subject, StreamRun? Run)
{
    /// <summary>The key under which it is published; null for none.</summary>
    public PublishKey? Key { get; init; }

    /// <summary>Whether somebody waits for it to be stored.</summary>
    public bool IsUrgent { get; init; }
}
