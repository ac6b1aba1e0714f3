using System.Globalization;
using System.Text.Json;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Reads all databases of a folder through, and says what does not fit together. It changes nothing, and a server may be at work.
/// </summary>
internal static class FolderCheck
{
    /// <summary>How many problems of a database are told at most.</summary>
    public const int MostProblems = 100;

    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Checks a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>What was found of each database.</returns>
    /// <exception cref="IOException">There is nothing to check.</exception>
    public static IReadOnlyList<CheckedFile> Check(string folder, CancellationToken cancellationToken)
    {
        var databases = FolderBackup.DatabasesOf(folder);
        return databases.Count == 0
            ? throw new IOException($"There is no database in {Path.GetFullPath(folder)}, so nothing to check.")
            : [.. databases.Select(path => CheckFile(path, cancellationToken))];
    }

    private static CheckedFile CheckFile(string path, CancellationToken cancellationToken)
    {
        var (name, problems, summary) = (Path.GetFileName(path), new Problems(), string.Empty);
        try
        {
            using var database = SqliteDatabase.Open(path, readOnly: true, BusyTimeout);
            database.Begin();
            if (database.QueryInt64("PRAGMA application_id") != SqliteSchema.ApplicationId)
            {
                problems.Add("it is no database of this program");
                return new CheckedFile(name, summary, problems.Found);
            }

            CheckStructure(database, problems);
            if (name == SqliteFile.Name)
            {
                var log = new LogCheck(database, problems, cancellationToken);
                log.Run();
                summary = string.Create(CultureInfo.InvariantCulture, $"{log.Events} events of {log.Streams} streams");
            }
            else
            {
                CheckDocuments(database, problems);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // What is in a damaged file may be anything, and so may be what comes of reading it.
            problems.Add(exception is SqliteFailureException failure ? SqliteFile.Explain(failure) : exception.Message);
        }

        return new CheckedFile(name, summary, problems.Found);
    }

    private static void CheckStructure(SqliteDatabase database, Problems problems)
    {
        using var check = new SqliteStatement(database, $"PRAGMA integrity_check({MostProblems})");
        while (check.Step())
        {
            foreach (var line in check.Text(0).Split('\n').Where(static line => line is not ("ok" or "*** in database main ***")))
            {
                problems.Add(line);
            }
        }
    }

    // Alerting's are JSON; other files have no such table.
    private static void CheckDocuments(SqliteDatabase database, Problems problems)
    {
        if (database.QueryInt64("SELECT count(*) FROM sqlite_schema WHERE name = 'documents'") == 0)
        {
            return;
        }

        using var documents = new SqliteStatement(database, "SELECT kind, id, json FROM documents");
        while (documents.Step())
        {
            try
            {
                using var document = JsonDocument.Parse(documents.Text(2));
            }
            catch (JsonException exception)
            {
                problems.Add($"document {documents.Int64(0)} {documents.Text(1)} cannot be read: {exception.Message}");
            }
        }
    }
}

/// <summary>What a check has found of one database.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Summary">What is in it; empty where that is not said.</param>
/// <param name="Problems">What is wrong, the first ones.</param>
internal sealed record CheckedFile(string Name, string Summary, IReadOnlyList<string> Problems);

/// <summary>Problems, up to a limit.</summary>
internal sealed class Problems
{
    private readonly List<string> _found = [];

    public IReadOnlyList<string> Found => _found;

    public void Add(string problem)
    {
        if (_found.Count < FolderCheck.MostProblems)
        {
            _found.Add(problem);
        }
        else if (_found.Count == FolderCheck.MostProblems)
        {
            _found.Add("and more");
        }
    }
}
