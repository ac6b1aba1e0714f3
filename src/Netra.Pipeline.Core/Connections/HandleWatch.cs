using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Connections;

/// <summary>
/// Checks four times a second whether the process can still open a file. While it cannot, accepting a connection fails at once, again and
/// again, and takes a core: then nothing is accepted, and new connections wait in the kernel's backlog until handles are free. Some spare
/// handles are held and released at that moment: the runtime ends a process that cannot load what it needs, and log and alerts open files
/// too.
/// </summary>
/// <remarks>Safe to use from any thread. Only the timer changes the state, one look at a time; the lock guards the spare handles.</remarks>
internal sealed partial class HandleWatch : IDisposable
{
    // An assembly takes two of them; the reserve (Netra:Hosting:ReservedHandles) has room for them, even the smallest one.
    private const int Spares = 16;

    // ENFILE and EMFILE, on all systems that have them.
    private const int TooManyInSystem = 23;
    private const int TooManyInProcess = 24;
    private const string AnyFile = "/dev/null";
    private const string NoFile = "/dev/null/none";
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly ILogger _logger;
    private readonly ITimer? _timer;
    private readonly Lock _gate = new();
    private List<SafeFileHandle> _spares = [];
    private volatile State _state = new();
    private int _looks;
    private bool _isDisposed;

    public HandleWatch(ILogger<HandleWatch> logger, TimeProvider time)
    {
        _logger = logger;
        Rehearse();
        _timer = OperatingSystem.IsWindows() ? null : time.CreateTimer(static watch => ((HandleWatch)watch!).Look(), this, Period, Period);
    }

    /// <summary>Fires when no handle is free.</summary>
    public CancellationToken Exhausted => _state.Exhausted.Token;

    /// <summary>Takes the spare handles. To be called when the reserve that they are part of has been set aside.</summary>
    public void TakeSpares()
    {
        if (_timer is not null)
        {
            TryTakeSpares();
        }
    }

    /// <summary>Waits until handles are free.</summary>
    public Task WhenFreeAsync(CancellationToken cancellationToken)
        => _state is { IsExhausted: true } state ? state.Free.Task.WaitAsync(cancellationToken) : Task.CompletedTask;

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_gate)
        {
            _isDisposed = true;
        }

        LetGo();
    }

    private void Look()
    {
        if (Interlocked.Exchange(ref _looks, 1) != 0)
        {
            return;
        }

        try
        {
            var state = _state;
            if (!state.IsExhausted)
            {
                Try(state);
            }
            else if (AreEnoughFree() && TryTakeSpares())
            {
                _state = new State();
                state.Free.TrySetResult();
                Log.Free(_logger);
            }
        }
        finally
        {
            Volatile.Write(ref _looks, 0);
        }
    }

    private void Try(State state)
    {
        var (handle, isExhausted) = TryOpen();
        handle?.Dispose();
        if (!isExhausted)
        {
            return;
        }

        // Nothing is accepted from here on, or new connections would take the spare handles. All other code may need them, the lines below
        // first of all.
        state.IsExhausted = true;
        LetGo();
        state.Exhausted.Cancel();
        Log.Exhausted(_logger);
    }

    // Taking all that are left in order to count them would fail other code that opens a file at that moment.
    private static bool AreEnoughFree()
    {
        try
        {
            return ProcessHandles.Limit() is not { } limit || limit - ProcessHandles.Open() > Spares;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Takes all of them, while one more stays free; or none.
    private bool TryTakeSpares()
    {
        List<SafeFileHandle> taken = [];
        while (taken.Count <= Spares && TryOpen().Handle is { } handle)
        {
            taken.Add(handle);
        }

        if (taken.Count <= Spares)
        {
            Close(taken);
            return false;
        }

        taken[Spares].Dispose();
        taken.RemoveAt(Spares);
        lock (_gate)
        {
            if (!_isDisposed)
            {
                (_spares, taken) = (taken, _spares);
            }
        }

        Close(taken);
        return true;
    }

    private void LetGo()
    {
        List<SafeFileHandle> spares;
        lock (_gate)
        {
            (spares, _spares) = (_spares, []);
        }

        Close(spares);
    }

    private static void Close(List<SafeFileHandle> handles) => handles.ForEach(static handle => handle.Dispose());

    // The exception for a lack of handles has to be loaded beforehand: the runtime ends a process that cannot load it.
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

    private static (SafeFileHandle? Handle, bool IsExhausted) TryOpen()
    {
        try
        {
            return (File.OpenHandle(AnyFile), false);
        }
        catch (IOException exception) when (exception.HResult is TooManyInProcess or TooManyInSystem)
        {
            return (null, true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A process without /dev/null learns nothing, and must not stop accepting for that.
            return (null, false);
        }
    }

    private sealed class State
    {
        private volatile bool _isExhausted;

        public bool IsExhausted
        {
            get => _isExhausted;
            set => _isExhausted = value;
        }

        public CancellationTokenSource Exhausted { get; } = new();

        public TaskCompletionSource Free { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.HandlesExhausted, LogLevel.Error,
            "No file handle is free (ulimit -n): no connection is accepted until some are", EventName = nameof(EventIds.HandlesExhausted))]
        public static partial void Exhausted(ILogger logger);

        [LoggerMessage(
            EventIds.HandlesFree,
            LogLevel.Warning,
            "File handles are free again: connections are accepted",
            EventName = nameof(EventIds.HandlesFree))]
        public static partial void Free(ILogger logger);
    }
}
