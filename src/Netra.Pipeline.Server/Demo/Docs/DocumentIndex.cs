using Microsoft.Data.Sqlite;

namespace Netra.Pipeline.Server.Demo.Docs;

/// <summary>
/// Full-text search over the documents' sections: SQLite's FTS5 in memory, ranked by bm25. Built on first use, read-only
/// afterwards. Searches may come from any thread; one runs at a time, since a connection to SQLite serves one at a time and a
/// search takes a fraction of a millisecond.
/// </summary>
internal sealed class DocumentIndex(DocumentFolder folder) : IAsyncDisposable, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private SqliteConnection? _connection;

    /// <summary>The best sections for a query in plain words, best first; none when no word of it occurs.</summary>
    public async Task<IReadOnlyList<SearchHit>> SearchAsync(string query, int limit, CancellationToken cancellationToken)
    {
        var terms = SearchTerms.Of(query);
        if (terms.Count == 0)
        {
            return [];
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            _connection ??= await BuildAsync(cancellationToken);
            return Search(_connection, SearchTerms.ToMatch(terms), limit);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _turn.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        _turn.Dispose();
    }

    private static List<SearchHit> Search(SqliteConnection connection, string match, int limit)
    {
        using var command = connection.CreateCommand();
        // A word in a heading says more about a section than one in its text.
        command.CommandText = """
            SELECT path, heading, first_line, last_line, snippet(sections, 4, '', '', '…', 24), bm25(sections, 0, 8, 0, 0, 1) AS rank
            FROM sections WHERE sections MATCH $match ORDER BY rank LIMIT $limit
            """;
        command.Parameters.AddWithValue("$match", match);
        command.Parameters.AddWithValue("$limit", limit);
        using var rows = command.ExecuteReader();
        var hits = new List<SearchHit>();
        while (rows.Read())
        {
            // bm25 is negative and better the lower it is; people expect a score that grows.
            hits.Add(new SearchHit(
                rows.GetString(0), rows.GetString(1), rows.GetInt32(2), rows.GetInt32(3), rows.GetString(4), -rows.GetDouble(5)));
        }

        return hits;
    }

    private async Task<SqliteConnection> BuildAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection("Data Source=:memory:");
        try
        {
            await connection.OpenAsync(cancellationToken);
            Execute(connection, """
                CREATE VIRTUAL TABLE sections USING fts5(
                    path UNINDEXED, heading, first_line UNINDEXED, last_line UNINDEXED, body, tokenize = 'porter unicode61')
                """);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            foreach (var path in folder.Paths)
            {
                var (_, lines) = await folder.ReadAsync(path, cancellationToken);
                foreach (var section in MarkdownSections.Of(path, lines))
                {
                    Insert(connection, section);
                }
            }

            await transaction.CommitAsync(cancellationToken);
            return connection;
        }
        catch
        {
            // Half an index must not answer: the next search builds anew.
            await connection.DisposeAsync();
            throw;
        }
    }

    private static void Insert(SqliteConnection connection, DocSection section)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO sections(path, heading, first_line, last_line, body) VALUES ($path, "
            + "$heading, $first, $last, $body)";
        command.Parameters.AddWithValue("$path", section.Path);
        command.Parameters.AddWithValue("$heading", section.Heading);
        command.Parameters.AddWithValue("$first", section.FirstLine);
        command.Parameters.AddWithValue("$last", section.LastLine);
        command.Parameters.AddWithValue("$body", section.Body);
        command.ExecuteNonQuery();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
