using SQLitePCL;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Copies the databases of a data folder while a server may be at work on it: each as it is at one moment, however long that takes, and
/// nobody waits for it. The copy of the event log begins a new history wherever it is started: its numbers go on above those that may have
/// been given since, and pages load anew what it has.
/// </summary>
internal static class FolderBackup
{
    private const int PagesAtOnce = 1024;
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The databases of a folder.</summary>
    public static IReadOnlyList<string> DatabasesOf(string folder)
        => Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.db").Order(StringComparer.Ordinal)] : [];

    /// <summary>Copies a folder's databases.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">The folder of the copies; it is made, or is empty.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>The copies.</returns>
    /// <exception cref="IOException">It is not possible; the message says why. What was copied until then is deleted.</exception>
    public static IReadOnlyList<string> Copy(string from, string to, CancellationToken cancellationToken)
    {
        var databases = DatabasesOf(from);
        if (!databases.Any(static path => Path.GetFileName(path) == SqliteFile.Name))
        {
            throw new IOException($"There is no {SqliteFile.Name} in {Path.GetFullPath(from)} (Netra:DataDirectory), so nothing to copy.");
        }

        if (File.Exists(to) || (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any()))
        {
            throw new IOException($"{Path.GetFullPath(to)} is there already; the copy needs a folder that is new or empty.");
        }

        // For its owner alone: a copy has what the folder has.
        _ = OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(to)
            : Directory.CreateDirectory(to, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var copies = new List<string>();
        try
        {
            foreach (var path in databases)
            {
                var copy = Path.Combine(to, Path.GetFileName(path));
                copies.Add(copy);
                CopyFile(path, copy, cancellationToken);
            }
        }
        catch (SqliteFailureException failure)
        {
            copies.ForEach(File.Delete);
            throw new IOException($"{copies[^1]} could not be made: {SqliteFile.Explain(failure)}", failure);
        }
        catch
        {
            copies.ForEach(File.Delete);
            throw;
        }

        return copies;
    }

    private static void CopyFile(string path, string copy, CancellationToken cancellationToken)
    {
        using var target = SqliteDatabase.Open(copy, readOnly: false, BusyTimeout);
        using (var source = SqliteDatabase.Open(path, readOnly: true, BusyTimeout))
        {
            // One transaction, or each commit of the server's would have it begin anew.
            source.Begin();
            source.QueryInt64("SELECT count(*) FROM sqlite_schema");
            CopyPages(source, target, cancellationToken);
            source.Rollback();
        }

        target.QueryText("PRAGMA journal_mode = DELETE");
        if (Path.GetFileName(copy) == SqliteFile.Name)
        {
            target.Execute("UPDATE log SET epoch = ''; UPDATE streams SET claimed = -1");
        }

        target.QueryText("PRAGMA journal_mode = WAL");
    }

    private static void CopyPages(SqliteDatabase source, SqliteDatabase target, CancellationToken cancellationToken)
    {
        using var backup = raw.sqlite3_backup_init(target.Handle, "main", source.Handle, "main");
        if (backup.IsInvalid)
        {
            throw target.Failure(raw.SQLITE_CANTOPEN, "backup");
        }

        int code;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            code = raw.sqlite3_backup_step(backup, PagesAtOnce);
        }
        while (code == raw.SQLITE_OK);
        target.Check(code, "backup");
    }
}
