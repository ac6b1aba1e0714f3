namespace Netra.Pipeline.Server;

/// <summary>The server's configuration says something that cannot be done.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
