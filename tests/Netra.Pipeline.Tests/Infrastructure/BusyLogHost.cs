using Netra.Pipeline.Hosting;
using Netra.Pipeline.Sqlite;

namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>
/// A whole pipeline on the log on disk, whose file another program may hold: then the log's writer waits, or has trouble, as the busy
/// timeout says, and its queue fills.
/// </summary>
internal sealed class BusyLogHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private SqliteDatabase? _other;

    private BusyLogHost(PipelineHost pipeline, DirectoryInfo folder) => (Pipeline, _folder) = (pipeline, folder);

    public PipelineHost Pipeline { get; }

    /// <summary>Starts one.</summary>
    /// <param name="queueEntries">How many events may wait for their commit.</param>
    /// <param name="isPatient">Whether the writer waits for the lock as long as it takes; otherwise it is in trouble at once.</param>
    /// <param name="settings">More configuration.</param>
    /// <param name="configure">Adds to the pipeline.</param>
    public static async Task<BusyLogHost> StartAsync(
        int queueEntries = 64,
        bool isPatient = true,
        IEnumerable<(string Key, string Value)>? settings = null,
        Action<NetraPipelineBuilder>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("netra-busy-");
        var host = await PipelineHost.StartAsync(
            (static pipeline => pipeline.UseEventLog<SqliteEventLog>()) + configure,
            [
                ("Netra:DataDirectory", folder.FullName),
                ("Netra:Log:Sqlite:QueueEntries", $"{queueEntries}"),
                ("Netra:Log:Sqlite:BusyTimeout", isPatient ? "00:01:00" : "00:00:00"),
                .. settings ?? [],
            ]);
        return new BusyLogHost(host, folder);
    }

    /// <summary>From here on nothing can be stored.</summary>
    public void Hold()
    {
        _other = SqliteDatabase.Open(Path.Combine(_folder.FullName, "netra.db"), readOnly: false, TimeSpan.FromSeconds(10));
        _other.BeginWriting();
    }

    public void Release()
    {
        _other?.Dispose();
        _other = null;
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await Pipeline.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
