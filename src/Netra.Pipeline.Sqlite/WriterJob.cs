namespace Netra.Pipeline.Sqlite;

/// <summary>Something to be done by the writer, in its place among the events: in the same transaction as those before it, and completed after the commit.</summary>
internal abstract class WriterJob(string operation)
{
    /// <summary>What it does, for a failure's text.</summary>
    public string Operation { get; } = operation;

    /// <summary>Whether it wants a transaction of its own.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Whether nobody waits for it any more: it was cancelled, or done ahead of its turn.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Does it. After a rollback it is called again.</summary>
    public abstract void Run(LogStore store);

    /// <summary>Does it now, outside of a transaction and ahead of what waits before it, if it can be done without writing.</summary>
    public abstract void TryAhead(LogStore store);

    /// <summary>It is committed.</summary>
    public abstract void Complete(LogStore store);

    /// <summary>It will not be done.</summary>
    public abstract void Fail(Exception cause);
}
