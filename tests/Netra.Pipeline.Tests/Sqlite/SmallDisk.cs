using static Netra.Pipeline.Tests.Sqlite.DiskProgram;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// A file system in memory, small enough to be filled. Where none can be mounted the test is ignored: everything else about full
/// and read-only disks would be a guess.
/// </summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount(string options)
    {
        var path = Directory.CreateTempSubdirectory("netra-disk-").FullName;
        if (!OperatingSystem.IsLinux() || Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path) != 0)
        {
            Directory.Delete(path);
            Assert.Ignore("No file system can be mounted here.");
        }

        return new SmallDisk(path);
    }

    public void MakeReadOnly() => Assert.That(Run("mount", "-o", "remount,ro", Path), Is.Zero);

    /// <summary>Uses up all the room that is left.</summary>
    public void Fill()
    {
        using var filler = File.Create(Filler);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "-l", Path);
        Directory.Delete(Path);
    }
}
