namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// The log event ids of the standalone server: 1700 to 1799 in the product's list, since it uses nothing internal of the library. A test
/// proves that ids are unique over both.
/// </summary>
internal static class ServerEventIds
{
    /// <summary>Telemetry is exported.</summary>
    public const int ExportStarted = 1700;

    /// <summary>Telemetry could not be exported.</summary>
    public const int ExportFailed = 1701;

    /// <summary>Log entries were dropped, since nobody read standard output.</summary>
    public const int LogEntriesDropped = 1702;

    /// <summary>Memory was given back to the system.</summary>
    public const int MemoryGivenBack = 1703;

    /// <summary>An address cannot be listened on before the process that is taken over from has gone.</summary>
    public const int NotListeningEarly = 1704;

    /// <summary>The server was built without its pages.</summary>
    public const int PagesMissing = 1705;
}
