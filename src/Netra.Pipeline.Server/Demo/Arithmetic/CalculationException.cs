namespace Netra.Pipeline.Server.Demo.Arithmetic;

/// <summary>An expression that cannot be calculated; the message says why in words a user of the chat page understands.</summary>
/// <param name="message">What is wrong, and where.</param>
public sealed class CalculationException(string message) : Exception(message);
