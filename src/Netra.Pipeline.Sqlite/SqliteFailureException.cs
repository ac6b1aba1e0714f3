using SQLitePCL;

namespace Netra.Pipeline.Sqlite;

/// <summary>What SQLite answered instead of doing what it was asked.</summary>
/// <param name="code">The extended result code.</param>
/// <param name="message">SQLite's own words.</param>
/// <param name="operation">What it was asked for.</param>
internal sealed class SqliteFailureException(int code, string message, string operation)
    : Exception($"{operation}: {message} (SQLite {code & 0xff}, extended {code})")
{
    /// <summary>The primary result code.</summary>
    public int Code { get; } = code & 0xff;

    /// <summary>The extended result code.</summary>
    public int ExtendedCode { get; } = code;

    /// <summary>SQLite's own words.</summary>
    public string Text { get; } = message;

    /// <summary>
    /// Whether the cause lies in the surroundings (disk, permissions, memory, another program), so that the same request may succeed later.
    /// </summary>
    public bool IsPassing
        => Code is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_NOMEM or raw.SQLITE_READONLY
            or raw.SQLITE_CANTOPEN or raw.SQLITE_PROTOCOL or raw.SQLITE_INTERRUPT or raw.SQLITE_PERM;
}
