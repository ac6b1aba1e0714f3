using System.Globalization;
using System.Text.RegularExpressions;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Upgrades;

/// <summary>
/// A copy of the data folder of an older version that is kept beside these tests, as if that version had ended a moment ago: whatever says
/// when something was, or until when it holds, is moved by the time since then. Otherwise
/// retention would rightly delete all of it one day.
/// </summary>
internal sealed partial class KeptFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("netra-upgrade-");

    public KeptFolder(string version)
    {
        foreach (var name in new[] { "netra.db", "alerts.db" })
        {
            File.Copy(Repository.PathOf($"tests/Netra.Pipeline.Tests/Upgrades/{version}/{name}"), PathOf(name));
        }

        Move();
    }

    public string FullName => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void Move()
    {
        using var log = SqliteDatabase.Open(PathOf("netra.db"), readOnly: false, TimeSpan.Zero);
        var age = TimeProvider.System.GetUtcNow().UtcTicks - log.QueryInt64("SELECT max(at) FROM commits");
        foreach (var table in new[] { "events", "commits", "audit", "dead_letters" })
        {
            log.Execute(string.Create(CultureInfo.InvariantCulture, $"UPDATE {table} SET at = at + {age}"));
        }

        log.Execute(string.Create(CultureInfo.InvariantCulture, $"UPDATE keys SET expires = expires + {age}"));
        using var alerts = SqliteDatabase.Open(PathOf("alerts.db"), readOnly: false, TimeSpan.Zero);
        var documents = new List<(long Kind, string Id, string Json)>();
        var read = alerts.Prepare("SELECT kind, id, json FROM documents");
        using (var rows = read.Query())
        {
            while (rows.Next())
            {
                documents.Add((read.Int64(0), read.Text(1), read.Text(2)));
            }
        }

        var write = alerts.Prepare("UPDATE documents SET json = ?3 WHERE kind = ?1 AND id = ?2");
        foreach (var (kind, id, json) in documents)
        {
            write.Bind(1, kind).Bind(2, id).Bind(3, Moments().Replace(json, moment => Moved(moment.Value, age))).Execute();
        }
    }

    private static string Moved(string moment, long age)
        => DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture).AddTicks(age).ToString("O", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")]
    private static partial Regex Moments();
}
