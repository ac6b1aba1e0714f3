using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Storage;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Looks each second whether another process waits for the data folder, and stops the host then, if an operator or the options ask for it.
/// One loop calls it; the result may be read from any thread.
/// </summary>
internal sealed partial class HandOverWatch(
    FolderHandOver folder,
    PipelineDrain drain,
    IHostApplicationLifetime host,
    IOptions<HostingOptions> options,
    ILogger<HandOverWatch> logger,
    TimeProvider time)
{
    // Whoever keeps processes alive starts the one that has gone again: it would wait, and have the folder back at once.
    private static readonly TimeSpan Tenure = TimeSpan.FromMinutes(1);

    private readonly long _begun = time.GetTimestamp();
    private volatile bool _isSuccessorThere;
    private bool _isOver;

    /// <summary>Whether another process waits for the folder.</summary>
    public bool IsSuccessorThere => _isSuccessorThere;

    /// <summary>Called by a loop.</summary>
    public ValueTask RoundAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _isSuccessorThere = folder.IsSuccessorWaiting;
        if (_isSuccessorThere && !_isOver && IsWanted())
        {
            _isOver = true;
            Log.HandingOver(logger);
            host.StopApplication();
        }

        return ValueTask.CompletedTask;
    }

    private bool IsWanted() => drain.HandOver is not null || (options.Value.HandOver && time.GetElapsedTime(_begun) >= Tenure);

    private static partial class Log
    {
        [LoggerMessage(
            EventIds.HandingOver,
            LogLevel.Information,
            "Another process waits for the data folder: this one hands over and stops",
            EventName = nameof(EventIds.HandingOver))]
        public static partial void HandingOver(ILogger logger);
    }
}
