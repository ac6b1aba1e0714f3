using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Tests.Monitoring.Harms;

/// <summary>The lock that SQLite needs for writing, held by another process than the server: nothing can be committed meanwhile.</summary>
internal sealed class LogLock : IDisposable
{
    private readonly SqliteDatabase _database;

    private LogLock(SqliteDatabase database) => _database = database;

    public static LogLock Take(string path)
    {
        var database = SqliteDatabase.Open(path, readOnly: false, TimeSpan.FromSeconds(20));
        database.BeginWriting();
        return new LogLock(database);
    }

    public void Dispose() => _database.Dispose();
}
