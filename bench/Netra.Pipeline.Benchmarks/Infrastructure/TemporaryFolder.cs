namespace Netra.Pipeline.Benchmarks.Infrastructure;

/// <summary>A folder for one measurement.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("netra-benchmarks-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
