using Microsoft.Extensions.Logging;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Storage;

/// <summary>
/// Lets a process take over the data folder from another one. The one that comes says that it waits; the one that goes says that it leaves
/// in a moment, and goes when the other one listens in its place, so that nobody who connects meanwhile is refused. They tell each other by
/// files in the folder that are locked for as long as it holds. Safe from any thread.
/// </summary>
public sealed partial class FolderHandOver : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TellingPause = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _patience;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly string _directory;
    private readonly FolderSignal _waits;
    private readonly FolderSignal _leaves;
    private readonly FolderSignal _listens;
    private volatile bool _isHolder;

    internal FolderHandOver(string directory, TimeSpan patience, ILogger<FolderHandOver> logger, TimeProvider time)
    {
        (_directory, _patience, _logger, _time) = (Path.GetFullPath(directory), patience, logger, time);
        _waits = new FolderSignal(Path.Combine(directory, "handover.waits"));
        _leaves = new FolderSignal(Path.Combine(directory, "handover.leaves"));
        _listens = new FolderSignal(Path.Combine(directory, "handover.listens"));
    }

    /// <summary>Raised again and again while this process waits for the folder.</summary>
    public event EventHandler? Waiting;

    /// <summary>
    /// Raised when the process that holds the folder leaves in a moment: what listens from here on holds connections in the kernel's queue
    /// until this process serves.
    /// </summary>
    public event EventHandler? PredecessorLeaving;

    /// <summary>Whether another process waits for the folder that this one holds.</summary>
    public bool IsSuccessorWaiting => _isHolder && _waits.IsRaised();

    /// <inheritdoc/>
    public void Dispose()
    {
        _waits.Dispose();
        _listens.Dispose();
        _leaves.Dispose();
    }

    /// <summary>Takes the folder; where another process holds it, waits as long as the options say.</summary>
    /// <param name="tryTake">Takes it; null when another process holds it.</param>
    /// <param name="refusal">What is thrown when it cannot be had: why, and what to do.</param>
    /// <param name="cancellationToken">Fires when the host stops.</param>
    internal async Task<T> TakeAsync<T>(Func<T?> tryTake, Func<string, Exception> refusal, CancellationToken cancellationToken)
        where T : class
    {
        var taken = tryTake();
        if (taken is null)
        {
            if (_patience == TimeSpan.Zero)
            {
                throw refusal(
                    "another process holds it; end that process, set Netra:DataDirectory to another folder, or let this one wait for it "
                    + "(Netra:Hosting:WaitForFolder)");
            }

            taken = await WaitAsync(tryTake, refusal, cancellationToken);
        }

        _isHolder = true;
        return taken;
    }

    /// <summary>Says that this process leaves the folder in a moment.</summary>
    /// <param name="patience">How long the one that waits has to answer.</param>
    /// <param name="cancellationToken">Cancels waiting.</param>
    /// <returns>Whether it listens now.</returns>
    internal async Task<bool> LeaveAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var begun = _time.GetTimestamp();
        if (!await _leaves.TryRaiseAsync(_time, cancellationToken))
        {
            return false;
        }

        while (!_listens.IsRaised())
        {
            if (_time.GetElapsedTime(begun) >= patience)
            {
                Log.NobodyListens(_logger, _directory, patience);
                return false;
            }

            await Task.Delay(Pause, _time, cancellationToken);
        }

        return true;
    }

    private async Task<T> WaitAsync<T>(Func<T?> tryTake, Func<string, Exception> refusal, CancellationToken cancellationToken)
        where T : class
    {
        if (!await _waits.TryRaiseAsync(_time, cancellationToken))
        {
            throw refusal("another process holds it, and a third one waits for it already; end one of them");
        }

        try
        {
            Log.Waits(_logger, _directory, _patience);
            var (begun, told, isListening) = (_time.GetTimestamp(), _time.GetTimestamp(), false);
            Waiting?.Invoke(this, EventArgs.Empty);
            while (true)
            {
                if (tryTake() is { } taken)
                {
                    Log.Taken(_logger, _directory, _time.GetElapsedTime(begun).TotalSeconds);
                    return taken;
                }

                if (_time.GetElapsedTime(begun) >= _patience)
                {
                    throw refusal(
                        $"another process has held it for {_patience} (Netra:Hosting:WaitForFolder); end that process, or have it hand "
                        + "over (POST /monitoring/websocket/drain, Netra:Hosting:HandOver)");
                }

                if (!isListening && _leaves.IsRaised())
                {
                    PredecessorLeaving?.Invoke(this, EventArgs.Empty);
                    isListening = await _listens.TryRaiseAsync(_time, cancellationToken);
                }

                if (_time.GetElapsedTime(told) >= TellingPause)
                {
                    told = _time.GetTimestamp();
                    Waiting?.Invoke(this, EventArgs.Empty);
                }

                await Task.Delay(Pause, _time, cancellationToken);
            }
        }
        finally
        {
            _waits.Lower();
            _listens.Lower();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.FolderAwaited,
            LogLevel.Warning,
            "Another process holds {Folder}: this one waits for it, for {Patience} at most, and listens nowhere until that one leaves",
            EventName = nameof(EventIds.FolderAwaited))]
        public static partial void Waits(ILogger logger, string folder, TimeSpan patience);

        [LoggerMessage(
            EventIds.FolderTaken,
            LogLevel.Information,
            "{Folder} is taken over after {Seconds:F1} s",
            EventName = nameof(EventIds.FolderTaken))]
        public static partial void Taken(ILogger logger, string folder, double seconds);

        [LoggerMessage(
            EventIds.SuccessorSilent,
            LogLevel.Warning,
            "The process that waits for {Folder} has not listened within {Patience}; this one goes all the same",
            EventName = nameof(EventIds.SuccessorSilent))]
        public static partial void NobodyListens(ILogger logger, string folder, TimeSpan patience);
    }
}
