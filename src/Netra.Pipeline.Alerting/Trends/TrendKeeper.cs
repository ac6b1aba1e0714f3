using System.Text.Json;
using Netra.Pipeline.Delivery;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Monitoring.Trends;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Alerting.Trends;

/// <summary>
/// Brings what was measured over restarts: takes it up when the log opens, and stores it once a minute and at the end. What cannot be
/// stored stays in memory, where its size is bounded, and is stored later. <see cref="Open"/> is called once, before
/// <see cref="RunAsync"/>.
/// </summary>
internal sealed class TrendKeeper : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly TrendRings _rings;
    private readonly AlertStorage _storage;
    private readonly IEventLog _log;
    private readonly TimeProvider _time;
    private readonly FailureDigest _failed;
    private TrendFile? _file;

    /// <param name="rings">What is measured.</param>
    /// <param name="storage">Where the file is; without a folder nothing is stored.</param>
    /// <param name="log">Beside whose file it is.</param>
    /// <param name="failures">Gets a failure for what cannot be stored.</param>
    /// <param name="time">The clock.</param>
    public TrendKeeper(TrendRings rings, AlertStorage storage, IEventLog log, FailureReporter failures, ServedTime time)
    {
        (_rings, _storage, _log, _time) = (rings, storage, log, time);
        _failed = new FailureDigest(
            time, (count, what, exception) => failures.Report(DeliveryFailures.Trouble("trends", what, count, exception)));
    }

    /// <summary>Opens the file, and takes up what is in it.</summary>
    /// <exception cref="SendFailureException">It cannot be opened, or read; the message says why.</exception>
    public void Open()
    {
        if (_storage.Directory is not { } directory)
        {
            return;
        }

        var file = TrendFile.Open(directory);
        try
        {
            _rings.Restore(file.Load());
        }
        catch (Exception exception) when (exception is JsonException or SqliteFailureException)
        {
            file.Dispose();
            var reason = $"what is in it cannot be read: {exception.Message}; put the file aside, or restore it from a copy";
            throw SendFailureException.LogNotOpened(TrendFile.Name, reason, exception);
        }

        _file = file;
        if (_log is SqliteEventLog log)
        {
            log.Files.Add(TrendFile.PathIn(directory));
        }
    }

    /// <summary>Stores what changes until it is cancelled, and then what is left.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Store();
            }
        }
        finally
        {
            Store();
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Store()
    {
        if (_file is null || _rings.TakeChanged() is not { Count: > 0 } changed)
        {
            return;
        }

        try
        {
            _file.Write(changed);
        }
        catch (SqliteFailureException exception)
        {
            _rings.PutBack(changed);
            if (_log.Trouble is null)
            {
                _failed.Add(
                    $"{TrendFile.Name} cannot be written, so trends are kept in memory: {SqliteFile.Explain(exception)}", exception);
            }
        }
    }
}
