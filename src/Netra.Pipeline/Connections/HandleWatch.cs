using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Telemetry;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Looks once a second whether the process can still open a file. While it cannot, accepting a connection fails at once, again and again, and takes a core: then nothing is accepted, and
/// whoever comes waits in the kernel's backlog until a handle is free.
/// </summary>
/// <remarks>Safe to use from any thread. Only the timer writes.</remarks>
internal sealed partial class HandleWatch : IDisposable
{
    private const string AnyFile = "/dev/null";
    private const string NoFile = "/dev/null/none";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger;
    private readonly ITimer? _timer;
    private volatile State _state = new();

    public HandleWatch(ILogger<HandleWatch> logger, TimeProvider time)
    {
        _logger = logger;
        Rehearse();
        _timer = OperatingSystem.IsWindows() ? null : time.CreateTimer(static watch => ((HandleWatch)watch!).Look(), this, Period, Period);
    }

    /// <summary>Fires when no handle is free.</summary>
    public CancellationToken Exhausted => _state.Exhausted.Token;

    /// <summary>Waits until a handle is free.</summary>
    public Task WhenFreeAsync(CancellationToken cancellationToken)
        => _state is { Exhausted.IsCancellationRequested: true } state ? state.Free.Task.WaitAsync(cancellationToken) : Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        var state = _state;
        if (CanOpen())
        {
            if (state.Exhausted.IsCancellationRequested)
            {
                _state = new State();
                state.Free.TrySetResult();
                Log.Free(_logger);
            }
        }
        else if (!state.Exhausted.IsCancellationRequested)
        {
            state.Exhausted.Cancel();
            Log.Exhausted(_logger);
        }
    }

    // What is thrown when no handle is free has to be loaded before: the runtime ends a process that cannot load it.
    private static void Rehearse()
    {
        try
        {
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }
        catch (SocketException exception)
        {
            _ = exception.ToString();
        }

        try
        {
            File.OpenHandle(NoFile).Dispose();
        }
        catch (IOException exception)
        {
            _ = exception.ToString();
        }
    }

    private static bool CanOpen()
    {
        try
        {
            File.OpenHandle(AnyFile).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private sealed class State
    {
        public CancellationTokenSource Exhausted { get; } = new();

        public TaskCompletionSource Free { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.HandlesExhausted, LogLevel.Error,
            "No file handle is free (ulimit -n): no connection is accepted until one is", EventName = nameof(EventIds.HandlesExhausted))]
        public static partial void Exhausted(ILogger logger);

        [LoggerMessage(EventIds.HandlesFree, LogLevel.Warning, "File handles are free again: connections are accepted", EventName = nameof(EventIds.HandlesFree))]
        public static partial void Free(ILogger logger);
    }
}
