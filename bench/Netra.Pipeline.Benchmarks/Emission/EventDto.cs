namespace Netra.Pipeline.Benchmarks.Emission;

/// <summary>An event as one would write it for the serializer.</summary>
internal sealed record EventDto<TData>(long Seq, string Id, string Type, string ThreadId, string RunId, double Timestamp, TData Data);
