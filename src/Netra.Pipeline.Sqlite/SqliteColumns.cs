using System.Runtime.InteropServices;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// SQLite's functions for one row, from the library that the provider has loaded. Through the provider each call counts references of the
/// statement and tells the garbage collector where the thread is; of a row that is replayed that was most of what it cost.
/// </summary>
/// <remarks>
/// The caller keeps the statement alive. The functions that say nothing to the garbage collector do nothing but look at a row that is in
/// memory already: connections have no locks of their own (<see cref="SqliteDatabase"/>).
/// </remarks>
internal static class SqliteColumns
{
    private const string Library = "e_sqlite3";

    [DllImport(Library, EntryPoint = "sqlite3_step")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    public static extern int Step(nint statement);

    [DllImport(Library, EntryPoint = "sqlite3_column_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    public static extern long Int64(nint statement, int column);

    /// <summary>Where a column's bytes are; valid until the next step.</summary>
    [DllImport(Library, EntryPoint = "sqlite3_column_blob")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    public static extern nint Blob(nint statement, int column);

    /// <summary>How many bytes a column has; to be asked after where they are.</summary>
    [DllImport(Library, EntryPoint = "sqlite3_column_bytes")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    public static extern int Bytes(nint statement, int column);
}
