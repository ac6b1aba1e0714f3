namespace Netra.Pipeline.Server.Demo.Tools;

/// <summary>A tool cannot do what it was asked to; the message says why in words a user of the chat page understands.</summary>
/// <param name="message">What is wrong, and what would be right.</param>
public sealed class ToolInputException(string message) : Exception(message);
