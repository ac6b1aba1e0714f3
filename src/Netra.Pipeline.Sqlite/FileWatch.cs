namespace Netra.Pipeline.Sqlite;

/// <summary>
/// Whether the files that are open are still those at their paths. One that was deleted, renamed or replaced can be written as before, and
/// nobody would ever find what is written. A file system that does not answer, or fails, says nothing about that: only what
/// is seen twice in a row counts, for worse and for better.
/// </summary>
/// <remarks>
/// <see cref="Look"/> is called by one loop, once a second; it may wait for the file system, and holds no lock meanwhile. Everything else
/// may be called from any thread.
/// </remarks>
/// <param name="identify">Which file is at a path (<see cref="FileIdentity.Of"/>).</param>
internal sealed class FileWatch(Func<string, FileIdentity?> identify)
{
    private const int Looks = 2;

    private readonly Lock _gate = new();
    private WatchedFile[] _files = [];
    private volatile string? _lost;
    private volatile string? _lostOfLog;

    public FileWatch()
        : this(FileIdentity.Of)
    {
    }

    /// <summary>What is wrong with any of the files, for people; null while nothing is.</summary>
    public string? Lost => _lost;

    /// <summary>What is wrong with those of the event log.</summary>
    public string? LostOfLog => _lostOfLog;

    /// <summary>Watches a file that has just been opened.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="isLog">Whether it is the event log's.</param>
    public void Add(string path, bool isLog = false)
    {
        lock (_gate)
        {
            _files = [.. _files, new WatchedFile(path, isLog) { Open = identify(path) }];
        }
    }

    public void Look()
    {
        foreach (var file in _files)
        {
            if (identify(file.Path) is not { } now)
            {
                continue;
            }

            file.Open ??= now;
            var isLost = now != file.Open;
            file.Seen = isLost == file.IsLost ? 0 : file.Seen + 1;
            if (file.Seen >= Looks)
            {
                (file.IsLost, file.Seen) = (isLost, 0);
            }

            file.IsGone = now == FileIdentity.Absent;
        }

        _lost = Describe(static _ => true);
        _lostOfLog = Describe(static file => file.IsLog);
    }

    private string? Describe(Func<WatchedFile, bool> which)
    {
        var lost = _files.Where(file => file.IsLost && which(file)).ToList();
        return lost.Count == 0 ? null
            : $"{string.Join(", ", lost.Select(static file => file.Path))} {(lost.TrueForAll(static file => file.IsGone)
                ? "was deleted or renamed"
                : "was replaced by another file")} while it is open: put the same file back, or save what is open and "
            + "restart (docs/operations.md, Data files lost)";
    }

    private sealed class WatchedFile(string path, bool isLog)
    {
        public string Path => path;

        public bool IsLog => isLog;

        /// <summary>The file that is open; null when that was not said when it was opened.</summary>
        public FileIdentity? Open { get; set; }

        public bool IsLost { get; set; }

        public bool IsGone { get; set; }

        /// <summary>How often in a row the opposite of <see cref="IsLost"/> was seen.</summary>
        public int Seen { get; set; }
    }
}
