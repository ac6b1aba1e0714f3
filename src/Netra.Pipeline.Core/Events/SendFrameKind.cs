namespace Netra.Pipeline.Events;

/// <summary>What a frame carries.</summary>
internal enum SendFrameKind
{
    /// <summary>A message of the connection: no owner tag, and not the event of anybody.</summary>
    Message,

    /// <summary>An event; its buffer begins with an owner tag.</summary>
    Event,

    /// <summary>An event that may repeat a number, so that it says nothing about progress.</summary>
    Redelivery,
}
