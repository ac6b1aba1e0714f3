using Netra.Pipeline.Load.Compare;

namespace Netra.Pipeline.Load.Scale;

/// <summary>A number of connections: what holding them takes, and what events over them take.</summary>
/// <param name="Connections">How many.</param>
/// <param name="Idle">Connections that are only held.</param>
/// <param name="HeldSeconds">How long.</param>
/// <param name="Paced">Paced events over as many.</param>
internal sealed record ScaleStep(int Connections, Measurement Idle, double HeldSeconds, Measurement Paced);
