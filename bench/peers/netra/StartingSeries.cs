namespace Netra.Pipeline.Peers.Netra;

/// <summary>A series that begins.</summary>
/// <param name="UserId">Whose.</param>
/// <param name="Gone">Cancelled when nobody is left who has it.</param>
internal readonly record struct StartingSeries(string UserId, CancellationToken Gone);
