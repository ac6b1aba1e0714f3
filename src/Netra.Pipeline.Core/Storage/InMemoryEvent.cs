using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Storage;

/// <summary>What the in-memory log keeps of an event.</summary>
internal readonly record struct InMemoryEvent(EventType Type, DateTimeOffset AcceptedAt, byte[] Buffer);
