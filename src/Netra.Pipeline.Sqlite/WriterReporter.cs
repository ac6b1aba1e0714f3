using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Sqlite;

/// <summary>
/// What the writer says about itself: that it cannot store at the moment, that it can again, and what failed. The writer changes it, or
/// whoever watches a transaction of its; <see cref="Trouble"/> may be read from any thread.
/// </summary>
/// <param name="path">The log's file.</param>
/// <param name="failures">Reports failures.</param>
/// <param name="logger">The log for operators.</param>
internal sealed partial class WriterReporter(string path, FailureReporter failures, ILogger logger)
{
    private volatile string? _trouble;

    /// <summary>Why nothing can be stored at the moment; null while all is well.</summary>
    public string? Trouble => _trouble;

    /// <summary>A transaction has failed. Reported once, until one succeeds.</summary>
    public void BeginTrouble(Exception exception)
    {
        var isNew = _trouble is null;
        _trouble = $"events cannot be stored in {path}: {SqliteFile.Explain(exception)}. It is tried again; "
            + "nothing is lost, and nothing more is taken until it works";
        if (isNew)
        {
            failures.Report(new Failure(FailureCode.LogFailed, "commit", _trouble) { Exception = exception });
        }
    }

    /// <summary>The transaction at work waits for the disk, so that the writer changes nothing. Reported once, until it is over.</summary>
    public void BeginDelay(TimeSpan took)
    {
        var isNew = _trouble is null;
        _trouble = $"events cannot be stored in {path}: the disk has not answered for {took.TotalSeconds:F0} s. It is waited for; "
            + "nothing is lost, and nothing more is taken until it does";
        if (isNew)
        {
            failures.Report(new Failure(FailureCode.LogFailed, "commit", _trouble));
        }
    }

    /// <summary>A transaction has succeeded.</summary>
    /// <returns>Whether that ends a trouble.</returns>
    public bool TryEndTrouble()
    {
        var had = _trouble is not null;
        _trouble = null;
        return had;
    }

    public void ReportTroubleOver() => Attempt((logger, path), static of => Log.TroubleOver(of.logger, of.path));

    /// <summary>The writer has ended, for a fault of its own.</summary>
    public void ReportEnd(Exception exception)
    {
        _trouble = $"the log's writer has ended: {exception.Message}";
        failures.Report(new Failure(FailureCode.LogFailed, "commit", _trouble) { Exception = exception });
    }

    /// <summary>An owner threw when it was told something.</summary>
    public void ReportOwner(SqliteLease lease, Exception exception)
        => Attempt((logger, lease.UserId, exception), static of => Log.OwnerFailed(of.logger, of.UserId, of.exception));

    /// <summary>Reports why a job cannot be done, and tells its caller.</summary>
    public void Fail(WriterJob job, Exception cause)
    {
        var failure = SendFailureException.LogFailed(new FailureScope(job.Operation), SqliteFile.Explain(cause), innerException: cause);
        failures.Report(failure);
        job.Fail(failure);
    }

    // Loggers and collectors are foreign code: what they throw must neither end the writer, nor have a batch stored twice.
    public static void Attempt<T>(T state, Action<T> action)
    {
        try
        {
            action(state);
        }
        catch (Exception)
        {
            // No caller is left to tell.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.LogTroubleOver,
            LogLevel.Warning,
            "Events can be stored again in {Path}; all that waited is stored",
            EventName = nameof(EventIds.LogTroubleOver))]
        public static partial void TroubleOver(ILogger logger, string path);

        [LoggerMessage(
            EventIds.StreamOwnerFailed,
            LogLevel.Critical,
            "The owner of the stream of {UserId} failed when the log told it something",
            EventName = nameof(EventIds.StreamOwnerFailed))]
        public static partial void OwnerFailed(ILogger logger, string userId, Exception exception);
    }
}
