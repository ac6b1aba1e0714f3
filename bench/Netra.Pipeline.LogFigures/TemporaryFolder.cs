namespace Netra.Pipeline.LogFigures;

/// <summary>A folder for one measurement.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("netra-figures-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
