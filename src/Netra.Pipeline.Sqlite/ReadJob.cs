namespace Netra.Pipeline.Sqlite;

/// <summary>Something to be read by a reading thread.</summary>
internal abstract class ReadJob
{
    /// <summary>Reads it; never throws.</summary>
    public abstract void Run(ReadStore store);

    /// <summary>It will not be read.</summary>
    public abstract void Fail(Exception cause);
}
