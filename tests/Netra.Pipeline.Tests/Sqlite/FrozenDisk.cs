using static Netra.Pipeline.Tests.Sqlite.DiskProgram;

namespace Netra.Pipeline.Tests.Sqlite;

/// <summary>
/// A file system of its own that can be frozen: whoever writes to it waits until it is thawed, as for a disk that does not answer. Where
/// none can be mounted the test is ignored.
/// </summary>
internal sealed class FrozenDisk : IDisposable
{
    private readonly string _image;

    private FrozenDisk(string path, string image) => (Path, _image) = (path, image);

    public string Path { get; }

    public static FrozenDisk Mount()
    {
        var path = Directory.CreateTempSubdirectory("netra-disk-").FullName;
        var image = path + ".img";
        using (var file = File.Create(image))
        {
            file.SetLength(64 * 1024 * 1024);
        }

        if (!OperatingSystem.IsLinux() || Run("mkfs.ext4", "-q", image) != 0 || Run("mount", "-o", "loop", image, path) != 0)
        {
            Directory.Delete(path);
            File.Delete(image);
            Assert.Ignore("No file system can be mounted here.");
        }

        return new FrozenDisk(path, image);
    }

    public void Freeze() => Assert.That(Run("fsfreeze", "-f", Path), Is.Zero);

    public void Thaw() => Assert.That(Run("fsfreeze", "-u", Path), Is.Zero);

    public void Dispose()
    {
        // Whether or not it was thawed: nobody could end the processes that wait for it.
        Run("fsfreeze", "-u", Path);
        Run("umount", "-l", Path);
        Directory.Delete(Path);
        File.Delete(_image);
    }
}
