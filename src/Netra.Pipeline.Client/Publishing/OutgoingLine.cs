namespace Netra.Pipeline.Client.Publishing;

/// <summary>A line that waits for its answer.</summary>
/// <param name="Bytes">The line, with its end.</param>
/// <param name="Event">
/// What it publishes; null for what the publisher says by itself, which is not sent again on another connection.
/// </param>
/// <param name="Run">The run that it is of, where the publisher knows it.</param>
/// <param name="TakenAt">When it was taken, as a time stamp of the publisher's clock.</param>
internal sealed record OutgoingLine(ReadOnlyMemory<byte> Bytes, PublishEvent? Event, RemoteRun? Run, long TakenAt)
{
    /// <summary>Settles with the answer.</summary>
    public TaskCompletionSource<PublishReceipt> Receipt { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Its place in the order in which events were given, from 1; 0 for what the publisher says by itself.</summary>
    public long Place { get; set; }

    /// <summary>Whether it was refused for the time being, and is to be sent before what was not sent yet.</summary>
    public bool IsSentAgain { get; set; }
}
