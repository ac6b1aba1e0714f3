using Microsoft.Win32.SafeHandles;

namespace Netra.Pipeline.Storage;

/// <summary>
/// Tells the other processes on a folder one thing: a file that is locked for as long as it holds, so that it ends with its process,
/// however that ends. Safe from any thread.
/// </summary>
internal sealed class FolderSignal(string path) : IDisposable
{
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;
    private const int WindowsSharingViolation = 32;

    // Whoever looks holds the lock for a moment.
    private const int Tries = 50;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private SafeFileHandle? _held;

    /// <summary>Whether an exception says that another process has the file locked.</summary>
    public static bool IsOfAnother(IOException exception)
        => (exception.HResult & 0xffff) is LinuxWouldBlock or MacWouldBlock or WindowsSharingViolation;

    /// <summary>Raises it.</summary>
    /// <returns>Whether no other process has.</returns>
    public async Task<bool> TryRaiseAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        for (var left = Tries; left > 0; left--)
        {
            if (Lock(FileMode.OpenOrCreate) is { } held)
            {
                Interlocked.Exchange(ref _held, held)?.Dispose();
                return true;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        return false;
    }

    /// <summary>Whether another process has raised it.</summary>
    public bool IsRaised()
    {
        try
        {
            using var free = Lock(FileMode.Open);
            return free is null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // There is no such file, or none that this process may see.
            return false;
        }
    }

    public void Lower() => Interlocked.Exchange(ref _held, null)?.Dispose();

    public void Dispose() => Lower();

    private SafeFileHandle? Lock(FileMode mode)
    {
        try
        {
            return File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (IsOfAnother(exception))
        {
            return null;
        }
    }
}
