namespace Netra.Pipeline.Sqlite;

/// <summary>What the writer knows of the database in memory, and changes with a transaction: both come true together, or neither does.</summary>
internal interface IStaged
{
    /// <summary>The transaction is committed.</summary>
    void Keep();

    /// <summary>The transaction is rolled back.</summary>
    void Undo();
}
