using System.Runtime.InteropServices;

namespace Netra.Pipeline.Tests.Networks;

/// <summary>What Linux offers for networks of one's own, and .NET does not.</summary>
internal static class NativeMethods
{
    public const int ReadAndWrite = 2;
    public const int NetworkNamespace = 0x4000_0000;
    public const uint SetInterface = 0x4004_54CA;
    public const short PacketsWithoutInformation = 0x1001;
    public const short Readable = 1;

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Close(int handle);

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int SetNamespace(int handle, int kind);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Control(int handle, nuint request, byte[] argument);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Poll(ref PollHandle handle, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Read(int handle, byte[] buffer, nuint count);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Write(int handle, byte[] buffer, nuint count);
}

/// <summary>What <c>poll</c> is asked.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollHandle
{
    public int Handle;
    public short Wanted;
    public short Found;
}
