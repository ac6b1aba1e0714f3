using System.Diagnostics;

namespace Netra.Pipeline.Tests.Server;

/// <summary>
/// A folder of documents for the demo, whose only document blocks whoever opens it: the demo's agent is then in a call that hears
/// no cancellation. Disposing deletes it.
/// </summary>
internal sealed class BlockingDocument : IDisposable
{
    public const string Name = "wait.md";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netra-documents-");

    public BlockingDocument() => System.IO.File.WriteAllText(File, "# Wait\n");

    public string Folder => _folder.FullName;

    private string File => Path.Combine(Folder, Name);

    /// <summary>Makes a pipe of it that nobody writes to. Documents are found when the server starts, which must not meet it.</summary>
    public void Block()
    {
        System.IO.File.Delete(File);
        using var make = Process.Start("mkfifo", [File]);
        make.WaitForExit();
        Assert.That(make.ExitCode, Is.Zero);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
