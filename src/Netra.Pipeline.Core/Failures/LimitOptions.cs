namespace Netra.Pipeline.Failures;

/// <summary>The options that failure texts tell people to change. A text that names a limit names its option.</summary>
internal static class LimitOptions
{
    public const string EventBytes = "Netra:Streams:MaxEventBytes";
    public const string QueueFrames = "Netra:Connections:QueueFrames";
    public const string BufferBudget = "Netra:Connections:BufferBudgetBytes";
    public const string QueueBytes = "Netra:Connections:QueueBytes";
    public const string RoomTimeout = "Netra:Emission:RoomTimeout";
    public const string WaitingBytes = "Netra:Emission:WaitingBytes";
    public const string OverflowTimeout = "EmitterOptions.WaitTimeout";
}
