namespace Netra.Pipeline.Load.Verify;

/// <summary>One thing that must hold of a deployment.</summary>
/// <param name="name">What it is, for people.</param>
internal abstract class Check(string name)
{
    public string Name { get; } = name;

    /// <summary>Finds out.</summary>
    /// <returns>What was seen, for people.</returns>
    /// <exception cref="CheckFailedException">It does not hold.</exception>
    public abstract Task<string> RunAsync(CancellationToken cancellationToken);
}
