namespace Netra.Pipeline.Monitoring.Health;

/// <summary>Says what the process uses. A service of its own, so that a leak can be shown without leaking.</summary>
internal delegate ResourceSample ResourceSampler();
