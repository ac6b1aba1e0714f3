namespace Netra.Pipeline.Load;

/// <summary>A user of the deployment, where it asks who connects.</summary>
/// <param name="Id">The user's id, which events are published to.</param>
/// <param name="Token">The bearer token of the user's pages.</param>
internal sealed record LoadUser(string Id, string Token);
