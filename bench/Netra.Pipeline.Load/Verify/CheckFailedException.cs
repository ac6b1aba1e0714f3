namespace Netra.Pipeline.Load.Verify;

/// <summary>Something does not hold of the deployment. The message says what.</summary>
internal sealed class CheckFailedException(string message, Exception? innerException = null) : Exception(message, innerException);
