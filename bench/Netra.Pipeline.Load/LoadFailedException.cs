namespace Netra.Pipeline.Load;

/// <summary>A run cannot go on: what is in the way, in words for the user of the harness.</summary>
internal sealed class LoadFailedException(string message, Exception? inner = null) : Exception(message, inner);
