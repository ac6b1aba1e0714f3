namespace Netra.Pipeline.WebSockets;

/// <summary>Where the fast door takes WebSockets: on their path, and on it behind the prefix. Immutable.</summary>
/// <param name="Value">The path (<c>Netra:WebSockets:Path</c>).</param>
/// <param name="Prefix">The prefix (<c>Netra:Http:PathBase</c>); empty for none.</param>
internal readonly record struct FastDoorPath(string Value, string Prefix = "")
{
    /// <summary>Whether a request's path is this one, to the letter.</summary>
    public bool Matches(string path) => path == Value
        || (Prefix.Length > 0
            && path.Length == Prefix.Length + Value.Length
            && path.StartsWith(Prefix, StringComparison.Ordinal)
            && path.EndsWith(Value, StringComparison.Ordinal));
}
