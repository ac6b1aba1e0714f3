using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Sqlite;

/// <summary>Figures over all streams, as committed.</summary>
/// <param name="Resting">The accounts of those without a lease, together.</param>
/// <param name="Streams">How many there are.</param>
internal sealed record Totals(StreamAccount Resting, long Streams);
