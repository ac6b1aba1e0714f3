using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Which file a path names: its device and inode. Linux only; elsewhere it is never known. Asking opens nothing, since closing a file that
/// SQLite has open would take SQLite's locks with it.
/// </summary>
/// <param name="Device">The file system.</param>
/// <param name="Inode">The file in it; 0 when no file is there.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    // From linux/stat.h, the same on every processor: stx_mask, stx_ino, stx_dev_major, stx_dev_minor.
    private const int Size = 256;
    private const int MaskAt = 0;
    private const int InodeAt = 32;
    private const int MajorAt = 136;
    private const int MinorAt = 140;
    private const uint WantInode = 0x100;
    private const int CurrentFolder = -100;
    private const int NoSuchFile = 2;
    private const int NotAFolder = 20;

    /// <summary>No file is at the path.</summary>
    public static FileIdentity Absent => default;

    /// <summary>Asks the system.</summary>
    /// <returns>Null when it does not say: it is another system, or the file system fails at the moment.</returns>
    public static FileIdentity? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var answer = new byte[Size];
        try
        {
            if (Statx(CurrentFolder, Encoding.UTF8.GetBytes(path + '\0'), flags: 0, WantInode, answer) != 0)
            {
                return Marshal.GetLastPInvokeError() is NoSuchFile or NotAFolder ? Absent : null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library.
            return null;
        }

        return (Read32(answer, MaskAt) & WantInode) == 0 ? null : new FileIdentity(
            ((ulong)Read32(answer, MajorAt) << 32) | Read32(answer, MinorAt),
            BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(InodeAt)));
    }

    private static uint Read32(byte[] answer, int at) => BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(at));

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, byte[] answer);
}
